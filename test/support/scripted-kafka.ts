import type { Consumer, Kafka } from 'kafkajs';
import type { BatchPayload } from '../../services/shared/platform/kafka/fetch-loops.js';
import { FetchedBatch } from '../../services/shared/platform/kafka/fetched-batch.js';

/** A consumer of kafkajs as far as ours can see it; the test plays the broker. */
export interface ScriptedKafka {
  readonly kafka: Kafka;
  /** The member joins, or joins again, with partition 0 of topic t unless told otherwise. */
  readonly join: (memberId?: string, partitions?: readonly number[]) => void;
  readonly rebalancing: () => void;
  /** Brings a batch of partition 0. */
  readonly batch: (...offsets: number[]) => Promise<void>;
  /** The same in two steps: fetched now, handled when the result is called. */
  readonly fetched: (...offsets: number[]) => () => Promise<void>;
  /** From now on heartbeats are refused with this error. */
  readonly evict: (error: Error) => void;
  /** What kafkajs does when a partition is to be paused. */
  onPause: () => void;
  /** The answer to who asks for the group's commits: partition 0 of topic t. */
  commits: () => Promise<{ readonly offset: string; readonly metadata: string }>;
  /** What happened, in order: batches resolved, offsets committed, the end. */
  readonly told: string[];
}

const EVENTS = {
  FETCH: 'fetch',
  HEARTBEAT: 'heartbeat',
  GROUP_JOIN: 'join',
  REBALANCING: 'rebalancing',
  CRASH: 'crash',
};

type Commit = (offset: string, metadata: string) => Promise<void>;

export function scriptedKafka(commit: Commit = () => Promise.resolve()): ScriptedKafka {
  const listeners = new Map<string, (event: unknown) => void>();
  const told: string[] = [];
  let eachBatch: (payload: BatchPayload) => Promise<void> = () => Promise.reject(new Error('not running'));
  let heartbeat = (): Promise<void> => Promise.resolve();
  const consumer = {
    events: EVENTS,
    on: (name: string, listener: (event: unknown) => void) => listeners.set(name, listener),
    connect: () => Promise.resolve(),
    subscribe: () => Promise.resolve(),
    run: (options: { eachBatch: typeof eachBatch }) => {
      eachBatch = options.eachBatch;
      return Promise.resolve();
    },
    disconnect: () => {
      told.push('left');
      return Promise.resolve();
    },
    pause: () => scripted.onPause(),
    resume: () => undefined,
  } as unknown as Consumer;
  const admin = {
    connect: () => Promise.resolve(),
    fetchOffsets: async () => [{ topic: 't', partitions: [{ partition: 0, ...(await scripted.commits()) }] }],
    disconnect: () => Promise.resolve(),
  };
  let joins = 0;
  const scripted: ScriptedKafka = {
    kafka: { consumer: () => consumer, admin: () => admin } as unknown as Kafka,
    told,
    onPause: () => undefined,
    commits: () => Promise.resolve({ offset: '-1', metadata: '' }),
    join: (memberId = 'm', partitions = [0]) => {
      joins += 1;
      listeners.get(EVENTS.GROUP_JOIN)?.({ payload: { memberId, memberAssignment: { t: partitions } } });
    },
    rebalancing: () => listeners.get(EVENTS.REBALANCING)?.({}),
    batch: (...offsets) => scripted.fetched(...offsets)(),
    fetched: (...offsets) => {
      const messages = offsets.map((offset) => ({ ...MESSAGE, offset: String(offset) }));
      const fetchedAfter = joins;
      const payload: BatchPayload = {
        batch: new FetchedBatch({ topic: 't', partition: 0, highWatermark: 9, messages }),
        resolveOffset: (offset) => told.push(`resolved ${offset}`),
        heartbeat: () => heartbeat(),
        commitOffsetsIfNecessary: async (committed) => {
          for (const { partitions } of committed?.topics ?? [])
            for (const { offset, metadata = '' } of partitions as readonly Committed[]) {
              await commit(offset, metadata);
              told.push(`committed ${offset}`);
            }
        },
        isStale: () => joins !== fetchedAfter,
      };
      return () => eachBatch(payload);
    },
    evict: (error) => {
      heartbeat = () => Promise.reject(error);
    },
  };
  return scripted;
}

const MESSAGE = { key: null, value: Buffer.from('x'), timestamp: '0', attributes: 0, headers: {} };

interface Committed {
  readonly offset: string;
  readonly metadata?: string;
}
