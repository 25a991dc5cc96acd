import type { ICustomPartitioner, Message, Producer, ProducerRecord } from 'kafkajs';
import { keyPartitioner } from './key-partitioner.js';

/**
 * Sends records so that "sent" means: each of them was acknowledged by all in-sync replicas.
 *
 * kafkajs's own `send` doesn't mean that. Over its retries it remembers which brokers have answered, and asks none of
 * them again. When a partition moves to such a broker in between, as it does whenever a broker restarts, the records of
 * that partition are sent to nobody, and `send` resolves all the same: a silent loss. What it returns is right, though:
 * the partitions that were acknowledged. So each record keeps the partition that was chosen for it first, all of a
 * partition's records travel together, and those whose partition isn't among the acknowledged ones are sent again.
 */
export interface StickyPartitions {
  /** For kafkajs's producer: its default choice, made once per record. */
  readonly createPartitioner: ICustomPartitioner;
  readonly partitionOf: (message: Message) => number | undefined;
}

export function stickyPartitions(): StickyPartitions {
  const chosen = new WeakMap<Message, number>();
  return {
    createPartitioner: () => {
      const choose = keyPartitioner();
      return (args) => {
        const partition = chosen.get(args.message) ?? choose(args);
        chosen.set(args.message, partition);
        return partition;
      };
    },
    partitionOf: (message) => chosen.get(message),
  };
}

type Send = Pick<ProducerRecord, 'topic' | 'messages' | 'compression'>;

/** Longer than a cluster takes to give a partition another leader. */
const PERSIST_MS = 20_000;
const PAUSE_MS = 200;

/**
 * In order within each partition. What has been acknowledged is not sent again while the rest is tried for up to 20 s:
 * a partition without a leader must not double the records of all others with every try.
 * @throws Error when not all are acknowledged; some of them may be stored then
 */
export async function sendAcknowledged(
  producer: Pick<Producer, 'send'>,
  partitionOf: StickyPartitions['partitionOf'],
  record: Send,
): Promise<void> {
  let { missing, error } = await attempt(producer, partitionOf, record);
  const until = performance.now() + PERSIST_MS;
  // Where one request failed nobody knows which of its partitions were stored, so from here each has its own.
  while (missing.length > 0) {
    if (error !== undefined && (isTooLarge(error) || performance.now() > until)) throw error;
    const parts = byPartition(missing, partitionOf).map((messages) => ({ ...record, messages }));
    const results = await Promise.all(parts.map((part) => attempt(producer, partitionOf, part)));
    missing = results.flatMap((result) => result.missing);
    error = results.find((result) => result.error !== undefined)?.error ?? notAcknowledged(record, missing);
    if (missing.length === record.messages.length) throw error;
    if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

interface Attempted {
  readonly missing: Message[];
  readonly error: Error | undefined;
}

async function attempt(
  producer: Pick<Producer, 'send'>,
  partitionOf: StickyPartitions['partitionOf'],
  record: Send,
): Promise<Attempted> {
  try {
    const answers = await producer.send({ ...record, acks: -1 });
    const acknowledged = new Set(answers.map(({ partition }) => partition));
    return {
      missing: record.messages.filter((message) => !acknowledged.has(partitionOf(message) ?? -1)),
      error: undefined,
    };
  } catch (error) {
    return { missing: record.messages, error: error as Error };
  }
}

function byPartition(messages: readonly Message[], partitionOf: StickyPartitions['partitionOf']): Message[][] {
  const groups = new Map<number | undefined, Message[]>();
  for (const message of messages) {
    const partition = partitionOf(message);
    const group = groups.get(partition);
    if (group === undefined) groups.set(partition, [message]);
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
