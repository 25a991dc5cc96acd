import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';

/** A consumer of kafkajs as far as ours can see it; the test plays the broker. */
export interface ScriptedKafka {
  readonly kafka: Kafka;
  /** The member joins, or joins again, with partition 0 of topic t. */
  readonly join: (memberId?: string) => void;
  readonly rebalancing: () => void;
  /** Brings a batch of partition 0. */
  readonly batch: (...offsets: number[]) => Promise<void>;
  /** From now on heartbeats are refused with this error. */
  readonly evict: (error: Error) => void;
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
    pause: () => undefined,
    resume: () => undefined,
  } as unknown as Consumer;
  const admin = {
    connect: () => Promise.resolve(),
    fetchOffsets: async () => [{ topic: 't', partitions: [{ partition: 0, ...(await scripted.commits()) }] }],
    disconnect: () => Promise.resolve(),
  };
  const scripted: ScriptedKafka = {
    kafka: { consumer: () => consumer, admin: () => admin } as unknown as Kafka,
    told,
    commits: () => Promise.resolve({ offset: '-1', metadata: '' }),
    join: (memberId = 'm') =>
      listeners.get(EVENTS.GROUP_JOIN)?.({ payload: { memberId, memberAssignment: { t: [0] } } }),
    rebalancing: () => listeners.get(EVENTS.REBALANCING)?.({}),
    batch: (...offsets) => {
      const messages = offsets.map((offset) => ({
        ...{ offset: String(offset), key: null, value: Buffer.from('x'), timestamp: '0' },
      }));
      const last = String(offsets.at(-1));
      return eachBatch({
        batch: { topic: 't', partition: 0, highWatermark: '9', messages, lastOffset: () => last },
        resolveOffset: (offset: string) => told.push(`resolved ${offset}`),
        heartbeat: () => heartbeat(),
        commitOffsetsIfNecessary: async ({ topics }: Committed) => {
          for (const { partitions } of topics)
            for (const { offset, metadata } of partitions) {
              await commit(offset, metadata);
              told.push(`committed ${offset}`);
            }
        },
      } as unknown as EachBatchPayload);
    },
    evict: (error) => {
      heartbeat = () => Promise.reject(error);
    },
  };
  return scripted;
}

interface Committed {
  readonly topics: readonly {
    readonly partitions: readonly { readonly offset: string; readonly metadata: string }[];
  }[];
}
