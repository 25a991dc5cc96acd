import { PartitionAssigners, type Consumer, type ConsumerConfig, type Kafka } from 'kafkajs';
import type { Assignment } from './assignment.js';
import { METADATA_MAX_AGE_MS } from './client.js';
import type { BatchPayload } from './fetch-loops.js';
import { stickyAssigner, type HeldBefore } from './sticky-assigner.js';

/**
 * A member of a consumer group whose life is watched.
 *
 * kafkajs can stop consuming while the process lives on: it crashes without a restart on errors that it holds for
 * final, and it has been seen to hold partitions without fetching. So: a crash that kafkajs doesn't restart from is
 * fatal; silence (no fetch, no heartbeat, no join) beyond `stuckAfterMs` is fatal; and no data error may ever reach
 * kafkajs, which would take it for one of its own: what the batch handler throws and kafkajs didn't make is fatal, too.
 */
export interface GroupMemberOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly stuckAfterMs: number;
  /** Batches are handled one after the other; else all that one fetch brought at once. */
  readonly oneByOne: boolean;
  /** Bytes fetched per partition and round: the size of a batch. */
  readonly batchBytes: number;
  readonly onBatch: (payload: BatchPayload) => Promise<void>;
  /** Called after each join with the partitions now held, by topic. */
  readonly onAssigned: (assignment: Assignment) => void;
  /** The partitions were handed out anew. */
  readonly onJoined: () => void;
  /** The group is about to change: the last moment for a commit. */
  readonly onRebalancing: () => void;
  /** The process can't go on. */
  readonly onFatal: (error: Error) => void;
}

export interface GroupMember {
  readonly consumer: Consumer;
  /** Undefined while all is well; otherwise what is wrong. */
  trouble(): string | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createGroupMember(options: GroupMemberOptions): GroupMember {
  let [assignment, joins]: [Assignment | undefined, number] = [undefined, 0];
  const held = (): HeldBefore | undefined => {
    joins += 1;
    return assignment && { ...assignment, joins };
  };
  const consumer = options.kafka.consumer({
    ...consumerConfig(options),
    // The second one is for as long as processes of a build before this one are in the group.
    partitionAssigners: [stickyAssigner(held), PartitionAssigners.roundRobin],
  });
  const life = new Life(options);
  const { events } = consumer;
  consumer.on(events.FETCH, () => life.sign());
  consumer.on(events.HEARTBEAT, () => life.sign());
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    life.joined();
    assignment = { memberId: payload.memberId, partitions: payload.memberAssignment, continues: joins <= 1 };
    joins = 0;
    options.onAssigned(assignment);
    options.onJoined();
  });
  const inTurn = options.oneByOne ? queue() : (work: () => Promise<void>) => work();
  const eachBatch = (payload: BatchPayload): Promise<void> =>
    inTurn(() => {
      life.sign();
      return guarded(options, payload);
    });
  consumer.on(events.REBALANCING, () => options.onRebalancing());
  consumer.on(events.CRASH, ({ payload }) => {
    if (payload.restart) life.crashed(payload.error.message);
    else options.onFatal(payload.error);
  });
  return {
    consumer,
    trouble: () => life.trouble(),
    start: async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch,
      });
      life.watch();
    },
    stop: async () => {
      life.end();
      await consumer.disconnect();
    },
  };
}

/** How often kafkajs looks again when there is nothing to fetch: also the delay of a resume. */
const IDLE_FETCH_MS = 250;

function consumerConfig(options: GroupMemberOptions): ConsumerConfig {
  return {
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: Math.max(options.sessionTimeoutMs, 60_000),
    heartbeatInterval: options.heartbeatIntervalMs,
    maxWaitTimeInMs: IDLE_FETCH_MS,
    minBytes: 1,
    maxBytesPerPartition: options.batchBytes,
    maxBytes: options.batchBytes * 16,
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8, restartOnFailure: () => Promise.resolve(true) },
  };
}

async function guarded(options: GroupMemberOptions, payload: BatchPayload): Promise<void> {
  try {
    // Whoever slept for longer than its session fetches on as if nothing were: what it gets, others have handled. This
    // asks the broker first; within the interval of heartbeats it asks nobody.
    await payload.heartbeat();
    await options.onBatch(payload);
  } catch (error) {
    if (isKafkaError(error)) throw error;
    options.onFatal(error as Error);
    // Never resolves: the process is ending, and kafkajs must neither commit nor go on with this batch.
    await new Promise<never>(() => undefined);
  }
}

/** Does one piece of work after the other, whatever becomes of them. */
function queue(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

function isKafkaError(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

/** Signs of life of the member, and the watchdog over them. */
class Life {
  readonly #options: GroupMemberOptions;
  #lastSignAt = performance.now();
  #state: 'joining' | 'member' | 'restarting' | 'ended' = 'joining';
  #reason = '';
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
  }

  sign(): void {
    this.#lastSignAt = performance.now();
  }

  joined(): void {
    this.#state = 'member';
    this.sign();
  }

  crashed(reason: string): void {
    this.#state = 'restarting';
    this.#reason = reason;
  }

  watch(): void {
    const everyMs = Math.max(1_000, Math.floor(this.#options.stuckAfterMs / 4));
    this.#watchdog = setInterval(() => this.#check(), everyMs);
    this.#watchdog.unref();
  }

  end(): void {
    this.#state = 'ended';
    clearInterval(this.#watchdog);
  }

  trouble(): string | undefined {
    if (this.#state === 'joining') return 'has not joined its group yet';
    if (this.#state === 'restarting') return `lost its connection and joins again: ${this.#reason}`;
    const silentMs = performance.now() - this.#lastSignAt;
    const boundMs = Math.min(this.#options.stuckAfterMs, this.#options.sessionTimeoutMs);
    return silentMs > boundMs ? `has not fetched for ${Math.round(silentMs / 1000)} s` : undefined;
  }

  #check(): void {
    const silentMs = performance.now() - this.#lastSignAt;
    if (this.#state === 'member' && silentMs > this.#options.stuckAfterMs)
      this.#options.onFatal(
        new Error(`the consumer holds partitions but has not fetched for ${Math.round(silentMs)} ms`),
      );
  }
}
