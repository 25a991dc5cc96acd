import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { markFetchedBatches } from '../../services/shared/platform/kafka/outdated-batches.js';

/** A consumer of kafkajs as far as ours can see it; the test plays the broker. */
export interface ScriptedKafka {
  readonly kafka: Kafka;
  /** The member joins, or joins again, with partition 0 of topic t unless told otherwise. */
  readonly join: (memberId?: string, partitions?: readonly number[]) => void;
  readonly rebalancing: () => void;
  /** Brings a batch of partition 0. */
  readonly batch: (...offsets: number[]) => Promise<void>;
  /** The same in two steps: fetched now, handled when the result is called. */
  readonly fetched: (...offsets: number[]) => Promise<() => Promise<void>>;
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
  START_BATCH_PROCESS: 'start',
  GROUP_JOIN: 'join',
  REBALANCING: 'rebalancing',
  CRASH: 'crash',
};

type Commit = (offset: string, metadata: string) => Promise<void>;

export function scriptedKafka(commit: Commit = () => Promise.resolve()): ScriptedKafka {
  const listeners = new Map<string, (event: unknown) => void>();
  const told: string[] = [];
  let eachBatch: (payload: EachBatchPayload) => Promise<void> = () => Promise.reject(new Error('not running'));
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
  let next: readonly number[] = [];
  const group = scriptedGroup(() => next);
  const scripted: ScriptedKafka = {
    kafka: { consumer: () => consumer, admin: () => admin } as unknown as Kafka,
    told,
    onPause: () => undefined,
    commits: () => Promise.resolve({ offset: '-1', metadata: '' }),
    join: (memberId = 'm', partitions = [0]) => {
      group.offsetManager = positions();
      listeners.get(EVENTS.GROUP_JOIN)?.({ payload: { memberId, memberAssignment: { t: partitions } } });
    },
    rebalancing: () => listeners.get(EVENTS.REBALANCING)?.({}),
    batch: async (...offsets) => (await scripted.fetched(...offsets))(),
    fetched: async (...offsets) => {
      next = offsets;
      const [batch] = await group.fetch(0);
      const payload = {
        batch,
        resolveOffset: (offset: string) => told.push(`resolved ${offset}`),
        heartbeat: () => heartbeat(),
        commitOffsetsIfNecessary: async ({ topics }: Committed) => {
          for (const { partitions } of topics)
            for (const { offset, metadata } of partitions) {
              await commit(offset, metadata);
              told.push(`committed ${offset}`);
            }
        },
      };
      return () => eachBatch(payload as unknown as EachBatchPayload);
    },
    evict: (error) => {
      heartbeat = () => Promise.reject(error);
    },
  };
  return scripted;
}

const positions = () => ({ committedOffsets: () => ({ t: { 0: '0' } }), nextOffset: () => '0', resolvedOffsets: {} });

/** kafkajs's own member of a group, as far as it fetches: whose batches and joins ours tells apart. */
function scriptedGroup(offsets: () => readonly number[]): ConsumerGroup {
  markFetchedBatches();
  const messages = (): object[] =>
    offsets().map((offset) => ({ offset: String(offset), key: null, value: Buffer.from('x'), timestamp: '0' }));
  const broker = {
    fetch: () => {
      const partition = { partition: 0, highWatermark: '9', abortedTransactions: [], messages: messages() };
      return Promise.resolve({ responses: [{ topicName: 't', partitions: [partition] }] });
    },
  };
  const cluster = {
    refreshMetadataIfNecessary: () => Promise.resolve(),
    findBroker: () => Promise.resolve(broker),
    // None is connected, so kafkajs fetches itself.
    brokerPool: { brokers: {} },
  };
  const options = { retry: {}, cluster, instrumentationEmitter: { emit: () => undefined } };
  const group = new ConsumerGroup({ ...options, logger: { namespace: () => ({}) } });
  return Object.assign(group, {
    offsetManager: positions(),
    filterPartitionsByNode: () => [{ topic: 't', partitions: [0] }],
    seekOffsets: () => Promise.resolve(),
    getActiveTopicPartitions: () => ({ t: new Set([0]) }),
  });
}

interface Committed {
  readonly topics: readonly {
    readonly partitions: readonly { readonly offset: string; readonly metadata: string }[];
  }[];
}
