import { Interrupted } from '../process/patience.js';
import type { BatchPayload } from './fetch-loops.js';
import { createGroupMember, type GroupMember, type GroupMemberOptions } from './group-member.js';
import { toIncomingRecord, type IncomingRecord } from './incoming-record.js';
import { OffsetCommits, type OffsetCommitsOptions } from './offset-commits.js';
import { withHeartbeats } from './with-heartbeats.js';

/**
 * Reads topics batch by batch; a batch counts as finished when all that it caused has been acknowledged.
 *
 * For work without slow I/O (the fan-out). The handler returns only when the batch is done, and waits by itself for a
 * dependency that is away; meanwhile heartbeats go on. What is finished is committed by and by (offset-commits.ts) and
 * once more before a rebalance and the end; after a rebalance kafkajs fetches again from the commit, and what was
 * finished here already is skipped. A batch that a rebalance or the end of the process interrupts isn't committed and
 * comes again, here or at another member.
 *
 * Doubled after a crash: what finished since the last commit.
 */
export interface BatchConsumerOptions
  extends Omit<GroupMemberOptions, 'onBatch' | 'onAssigned' | 'onRebalancing' | 'oneByOne'>, OffsetCommitsOptions {
  /** Rejects with Interrupted when `signal` was aborted while it waited. */
  readonly handleBatch: (records: readonly IncomingRecord[], signal: AbortSignal) => Promise<void>;
}

export class BatchConsumer {
  readonly #options: BatchConsumerOptions;
  readonly #commits: OffsetCommits;
  readonly #member: GroupMember;
  /** Of all batches together: what Node makes of one per batch is most of what grows old here (DECISIONS 53). */
  #interrupt = new AbortController();
  #underWay = 0;
  #stopping = false;
  #onIdle = (): void => undefined;

  constructor(options: BatchConsumerOptions) {
    this.#options = options;
    this.#commits = new OffsetCommits(options);
    this.#member = createGroupMember({
      ...options,
      oneByOne: false,
      onBatch: (payload) => this.#onBatch(payload),
      onAssigned: (assignment) => this.#commits.assigned(assignment),
      onRebalancing: () => void this.#commits.commit(),
    });
  }

  /** Undefined while all is well; otherwise what is wrong. */
  trouble(): string | undefined {
    return this.#member.trouble();
  }

  async start(): Promise<void> {
    await this.#member.start();
    this.#commits.start();
  }

  /** Lets batches that go forward end, and takes those that wait for a dependency away. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#interrupt.abort();
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.#commits.stop();
    await this.#member.stop();
  }

  async #onBatch(payload: BatchPayload): Promise<void> {
    if (this.#stopping) return;
    this.#underWay += 1;
    try {
      await this.#handle(payload, this.#interrupt.signal);
    } catch (error) {
      if (error instanceof Interrupted) return;
      this.#interruptAll();
      throw error;
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#onIdle();
    }
  }

  /** The member joins anew: no batch that is under way has time to wait for a dependency. */
  #interruptAll(): void {
    this.#interrupt.abort();
    if (!this.#stopping) this.#interrupt = new AbortController();
  }

  async #handle(payload: BatchPayload, signal: AbortSignal): Promise<void> {
    const { batch } = payload;
    const held = this.#commits.begin(payload);
    if (held === undefined) return;
    const records = batch.messages
      .filter(({ offset }) => !held.progress.knows(Number(offset)))
      .map((message) => toIncomingRecord(batch.topic, batch.partition, message));
    const work = this.#options.handleBatch(records, signal);
    await withHeartbeats(work, () => payload.heartbeat(), this.#options.heartbeatIntervalMs);
    this.#commits.end(payload, held);
  }
}
