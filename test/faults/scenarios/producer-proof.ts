import { createKafka } from '../../../services/shared/platform/kafka/client.js';
import { createProducer } from '../../../services/shared/platform/kafka/producer.js';
import { pause } from '../../support/waiting.js';
import { readTopic } from '../read-topic.js';
import type { Rig } from '../rig.js';

/**
 * Twenty concurrent sends at a time, by our producer and by kafkajs's idempotent one, while answers are lost: which of
 * the records that were reported as sent are in the topic? It keeps the reason alive for which ours is not idempotent.
 */
export interface ProducerProof {
  readonly sent: number;
  /** Reported as sent, and in no topic. */
  readonly lost: number;
}

const AT_ONCE = 20;
const EVERY_MS = 100;

type Send = (topic: string, value: string) => Promise<unknown>;

export async function proveProducers(
  rig: Rig,
  ended: () => boolean,
): Promise<{ readonly ours: ProducerProof; readonly idempotent: ProducerProof }> {
  const { brokers } = rig.system.config.kafka;
  const kafka = createKafka({ brokers, ssl: false, sasl: undefined, clientId: 'proof' }, () => undefined);
  const ours = await createProducer(kafka);
  const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: AT_ONCE });
  await idempotent.connect();
  try {
    const [one, other] = await Promise.all([
      prove(rig, 'ours', ended, (topic, value) => ours.send(topic, [{ key: null, value: Buffer.from(value) }])),
      prove(rig, 'idempotent', ended, (topic, value) => idempotent.send({ topic, messages: [{ value }] })),
    ]);
    return { ours: one, idempotent: other };
  } finally {
    await Promise.all([ours.disconnect(), idempotent.disconnect()]);
  }
}

async function prove({ system }: Rig, name: string, ended: () => boolean, send: Send): Promise<ProducerProof> {
  const topic = `${system.config.kafka.prefix}proof-${name}`;
  const admin = system.kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 3 }] });
  const reported: string[] = [];
  for (let round = 0; !ended(); round += 1) {
    const values = Array.from({ length: AT_ONCE }, (_, index) => `${round}-${index}`);
    const outcomes = await Promise.allSettled(values.map((value) => send(topic, value)));
    reported.push(...values.filter((_, index) => outcomes[index]?.status === 'fulfilled'));
    await pause(EVERY_MS);
  }
  const stored = new Set((await readTopic(system.kafka, topic)).map(({ value }) => value?.toString()));
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  return { sent: reported.length, lost: reported.filter((value) => !stored.has(value)).length };
}
