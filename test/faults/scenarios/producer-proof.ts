import { poll } from '../../../deploy/local/poll.js';
import { createKafka } from '../../../services/shared/platform/kafka/client.js';
import { createProducer } from '../../../services/shared/platform/kafka/producer.js';
import { pause } from '../../support/waiting.js';
import { violations, type Violation } from '../check/violation.js';
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

export interface ProducerProofs {
  readonly ours: ProducerProof;
  readonly idempotent: ProducerProof;
}

/** Ours loses nothing; and a producer that reported nothing as sent proves nothing. */
export function findUnproven(proofs: ProducerProofs | undefined): Violation[] {
  const silent = NAMES.filter((name) => (proofs?.[name].sent ?? 0) === 0);
  const lost = proofs === undefined || proofs.ours.lost === 0 ? [] : [JSON.stringify(proofs.ours)];
  return [
    ...violations('I1', 'records that our producer reported as sent and that are in no topic', lost),
    ...violations('I1', 'a producer that sent nothing', silent),
  ];
}

const AT_ONCE = 20;
const EVERY_MS = 100;

const NAMES = ['ours', 'idempotent'] as const;

function topicOf({ system }: Rig, name: (typeof NAMES)[number]): string {
  return `${system.config.kafka.prefix}proof-${name}`;
}

/** Creates the topics, and waits until every broker knows them; before the first answer is lost. */
export async function prepareProof(rig: Rig): Promise<void> {
  const admin = rig.system.kafka.admin();
  await admin.connect();
  const topics = NAMES.map((name) => ({ topic: topicOf(rig, name), numPartitions: 1, replicationFactor: 3 }));
  await admin.createTopics({ topics, waitForLeaders: false });
  await poll(() => admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) }), {
    everyMs: 500,
    signal: AbortSignal.timeout(30_000),
  });
  await pause(1_000);
  await admin.disconnect();
}

type Send = (topic: string, value: string) => Promise<unknown>;

export async function proveProducers(rig: Rig, ended: () => boolean): Promise<ProducerProofs> {
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

async function prove(rig: Rig, name: (typeof NAMES)[number], ended: () => boolean, send: Send): Promise<ProducerProof> {
  const topic = topicOf(rig, name);
  const reported: string[] = [];
  for (let round = 0; !ended(); round += 1) {
    const values = Array.from({ length: AT_ONCE }, (_, index) => `${round}-${index}`);
    const outcomes = await Promise.allSettled(values.map((value) => send(topic, value)));
    reported.push(...values.filter((_, index) => outcomes[index]?.status === 'fulfilled'));
    await pause(EVERY_MS);
  }
  const stored = new Set((await readTopic(rig.system.kafka, topic)).map(({ value }) => value?.toString()));
  return { sent: reported.length, lost: reported.filter((value) => !stored.has(value)).length };
}
