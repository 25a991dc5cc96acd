import {
  CompressionTypes,
  type ICustomPartitioner,
  type Kafka,
  type Message,
  type Producer,
  type ProducerConfig,
  type ProducerRecord,
} from 'kafkajs';
import { produceDirectly } from './direct-produce.js';
import { keyPartitioner } from './key-partitioner.js';
import { producerWithCluster } from './producer-with-cluster.js';

/**
 * Sends records so that "sent" means: each of them was acknowledged by all in-sync replicas.
 *
 * kafkajs's own `send` doesn't mean that. Over its retries it remembers which brokers have answered, and asks none of
 * them again. When a partition moves to such a broker in between, as it does whenever a broker restarts, the records of
 * that partition are sent to nobody, and `send` resolves all the same: a silent loss. What it returns is right, though:
 * the partitions that were acknowledged. So each record keeps the partition that was chosen for it first, all of a
 * partition's records travel together, and those whose partition isn't among the acknowledged ones are sent again.
 */
export interface AcknowledgedProducer {
  connect(): Promise<void>;
  /**
   * In order within each partition.
   * @throws Error when not all are acknowledged; some of them may be stored then
   */
  send(record: Send): Promise<void>;
  disconnect(): Promise<void>;
}

/** The messages' partitions are written into them. */
export type Send = Pick<ProducerRecord, 'topic' | 'messages' | 'compression'>;

/** @param config all but the partitioner */
export function acknowledgedProducer(kafka: Kafka, config: ProducerConfig): AcknowledgedProducer {
  const choosePartition = stickyPartitioner();
  const { producer, cluster } = producerWithCluster(kafka, { ...config, createPartitioner: () => choosePartition });
  return {
    connect: () => producer.connect(),
    disconnect: () => producer.disconnect(),
    send: async (record) => {
      const { topic, messages, compression = CompressionTypes.None } = record;
      const acknowledged =
        compression === CompressionTypes.None
          ? await produceDirectly(cluster, choosePartition, topic, messages)
          : NOT_TRIED;
      const missing = messages.filter((message) => !isAmong(acknowledged, message));
      if (missing.length > 0) await sendAcknowledged(producer, { ...record, messages: missing }, messages.length);
    },
  };
}

const NOT_TRIED: ReadonlySet<number> = new Set();

/** Chooses once per message, also for one without a key. */
export function stickyPartitioner(): ReturnType<ICustomPartitioner> {
  const choose = keyPartitioner();
  return (args) => (args.message.partition ??= choose(args));
}

function isAmong(acknowledged: ReadonlySet<number>, { partition }: Message): boolean {
  return partition !== undefined && acknowledged.has(partition);
}

/** Longer than a cluster takes to give a partition another leader. */
const PERSIST_MS = 20_000;
const PAUSE_MS = 200;

/**
 * By kafkajs. What has been acknowledged is not sent again while the rest is tried for up to 20 s: a partition without a
 * leader must not double the records of all others with every try.
 * @param all how many there were to send, if some of them are acknowledged already
 * @throws Error when not all are acknowledged; some of them may be stored then
 */
export async function sendAcknowledged(
  producer: Pick<Producer, 'send'>,
  record: Send,
  all = record.messages.length,
): Promise<void> {
  let { missing, error } = await attempt(producer, record);
  const until = performance.now() + PERSIST_MS;
  // Where one request failed nobody knows which of its partitions were stored, so from here each has its own.
  while (missing.length > 0) {
    if (error !== undefined && (isTooLarge(error) || performance.now() > until)) throw error;
    const parts = byPartition(missing).map((messages) => ({ ...record, messages }));
    const results = await Promise.all(parts.map((part) => attempt(producer, part)));
    missing = results.flatMap((result) => result.missing);
    error = results.find((result) => result.error !== undefined)?.error ?? notAcknowledged(record, missing);
    if (missing.length === all) throw error;
    if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

interface Attempted {
  readonly missing: Message[];
  readonly error: Error | undefined;
}

async function attempt(producer: Pick<Producer, 'send'>, record: Send): Promise<Attempted> {
  try {
    const answers = await producer.send({ ...record, acks: -1 });
    const acknowledged = new Set(answers.map(({ partition }) => partition));
    return { missing: record.messages.filter((message) => !isAmong(acknowledged, message)), error: undefined };
  } catch (error) {
    return { missing: record.messages, error: error as Error };
  }
}

function byPartition(messages: readonly Message[]): Message[][] {
  const groups = new Map<number | undefined, Message[]>();
  for (const message of messages) {
    const group = groups.get(message.partition);
    if (group === undefined) groups.set(message.partition, [message]);
    else group.push(message);
  }
  return [...groups.values()];
}

function notAcknowledged({ topic }: Send, missing: readonly Message[]): Error {
  return new Error(`${missing.length} records for ${topic} were not acknowledged`);
}

/** Refused for what it is: trying again is no use. */
export function isTooLarge(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { type } = current as { type?: string };
    if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') return true;
  }
  return false;
}
