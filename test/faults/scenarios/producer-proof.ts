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

type Send = (value: string) => Promise<unknown>;

/** Two producers that are connected, and the topics that they write to. */
export interface PreparedProof {
  /** Twenty at a time, until it has ended. */
  send(ended: () => boolean): Promise<void>;
  /** What became of them, as soon as no answers are lost any more. */
  tell(): Promise<ProducerProofs>;
}

/** Before the first answer is lost: every broker knows the topics, and both producers are connected. */
export async function prepareProof(rig: Rig): Promise<PreparedProof> {
  await createTopics(rig);
  const { brokers } = rig.system.config.kafka;
  const kafka = createKafka({ brokers, ssl: false, sasl: undefined, clientId: 'proof' }, () => undefined);
  const ours = await createProducer(kafka);
  const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: AT_ONCE });
  await idempotent.connect();
  const sends: Readonly<Record<(typeof NAMES)[number], Send>> = {
    ours: (value) => ours.send(topicOf(rig, 'ours'), [{ key: null, value: Buffer.from(value) }]),
    idempotent: (value) => idempotent.send({ topic: topicOf(rig, 'idempotent'), messages: [{ value }] }),
  };
  const reported = { ours: [] as string[], idempotent: [] as string[] };
  const proofOf = async (name: (typeof NAMES)[number]): Promise<ProducerProof> => {
    const stored = new Set(
      (await readTopic(rig.system.kafka, topicOf(rig, name))).map(({ value }) => value?.toString()),
    );
    return { sent: reported[name].length, lost: reported[name].filter((value) => !stored.has(value)).length };
  };
  return {
    send: async (ended) => {
      await Promise.all(NAMES.map((name) => sendAll(sends[name], ended, reported[name])));
      await Promise.all([ours.disconnect(), idempotent.disconnect()]);
    },
    tell: async () => ({ ours: await proofOf('ours'), idempotent: await proofOf('idempotent') }),
  };
}

async function createTopics(rig: Rig): Promise<void> {
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

async function sendAll(send: Send, ended: () => boolean, reported: string[]): Promise<void> {
  for (let round = 0; !ended(); round += 1) {
    const values = Array.from({ length: AT_ONCE }, (_, index) => `${round}-${index}`);
    const outcomes = await Promise.allSettled(values.map(send));
    reported.push(...values.filter((_, index) => outcomes[index]?.status === 'fulfilled'));
    await pause(EVERY_MS);
  }
}
