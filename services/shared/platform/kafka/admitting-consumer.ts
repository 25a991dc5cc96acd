import type { AdmittedRecord } from '../../core/partition-progress.js';
import { Interrupted } from '../process/patience.js';
import type { Assignment } from './assignment.js';
import type { BatchPayload } from './fetch-loops.js';
import { createGroupMember, type GroupMember, type GroupMemberOptions } from './group-member.js';
import type { HeldPartition } from './held-partitions.js';
import { toIncomingRecord, type IncomingRecord } from './incoming-record.js';
import { OffsetCommits, type OffsetCommitsOptions } from './offset-commits.js';
import { recallOffsetMaps } from './recall-offset-maps.js';
import { withHeartbeats } from './with-heartbeats.js';

/**
 * Reads topics by taking records into memory; they finish later, in any order.
 *
 * "The delivery consumer never holds a partition hostage": a batch is admitted and the handler returns, so fetches and
 * heartbeats go on whatever a record waits for. Committed is only the contiguous prefix of what finished, every
 * `commitEveryMs` and once more before a rebalance or the end; each commit tells, too, what has finished beyond it, and
 * the next owner of the partition skips that. At a bound partitions are paused, not the process. After a rebalance
 * kafkajs fetches again from the commit; records that are here already are known and skipped.
 *
 * Doubled after a crash: what was in flight, or has finished since the last commit.
 */
export interface AdmittingConsumerOptions
  extends Omit<GroupMemberOptions, 'onBatch' | 'onAssigned' | 'onRebalancing' | 'oneByOne'>, OffsetCommitsOptions {
  /** Takes one record; a promise means that admission waits (a schema is being fetched). */
  readonly admit: (record: IncomingRecord, admitted: AdmittedRecord) => void | Promise<void>;
  readonly isFull: () => boolean;
  readonly hasRoom: () => boolean;
  /** Uncommitted records per partition. */
  readonly maxUncommitted: number;
  /** What the owner before us had finished is not known: it may be done again. */
  readonly onForgotten: (error: Error) => void;
}

/** Records admitted in one turn of the event loop: what they ask of it must not delay answers. */
const ADMITTED_PER_TURN = 16;

export class AdmittingConsumer {
  readonly #options: AdmittingConsumerOptions;
  readonly #commits: OffsetCommits;
  readonly #member: GroupMember;
  #quiesced = false;

  constructor(options: AdmittingConsumerOptions) {
    this.#options = options;
    this.#commits = new OffsetCommits(options);
    this.#member = createGroupMember({
      ...options,
      oneByOne: true,
      onBatch: (payload) => this.#onBatch(payload),
      onAssigned: (assignment) => this.#onAssigned(assignment),
      onRebalancing: () => void this.#commits.commit(),
    });
  }

  /** Records read and not yet behind the commit, over all partitions. */
  get uncommitted(): number {
    return [...this.#commits.partitions.all()].reduce((sum, { progress }) => sum + progress.span, 0);
  }

  get pausedPartitions(): number {
    return [...this.#commits.partitions.all()].filter(({ paused }) => paused).length;
  }

  /** Undefined while all is well; otherwise what is wrong. */
  trouble(): string | undefined {
    return this.#member.trouble();
  }

  async start(): Promise<void> {
    await this.#member.start();
    this.#commits.start(() => this.#balance());
  }

  /** Takes no more records; the member stays in its group, so that what is here can still be committed. */
  quiesce(): void {
    this.#quiesced = true;
    for (const held of this.#commits.partitions.all()) this.#setPaused(held, true);
  }

  /** Commits what has finished. */
  commit(): Promise<void> {
    return this.#commits.commit();
  }

  /** A last commit, then the member leaves its group. */
  async stop(): Promise<void> {
    await this.#commits.stop();
    await this.#member.stop();
  }

  #onAssigned(assignment: Assignment): void {
    const fresh = this.#commits.assigned(assignment);
    if (fresh.length > 0) this.#recall(fresh);
    // A restart of kafkajs forgets what is paused, a rebalance doesn't: set all anew.
    for (const held of this.#commits.partitions.all()) this.#setPaused(held, held.paused || this.#quiesced);
  }

  #recall(fresh: readonly HeldPartition[]): void {
    const { kafka, groupId, onForgotten } = this.#options;
    const recalling = recallOffsetMaps(kafka, groupId, fresh)
      .catch((error: unknown) => onForgotten(error as Error))
      .finally(() => fresh.forEach((held) => (held.recalling = undefined)));
    for (const held of fresh) held.recalling = recalling;
  }

  async #onBatch(payload: BatchPayload): Promise<void> {
    try {
      await this.#admitBatch(payload);
    } catch (error) {
      // The process stops: what was not admitted isn't resolved and comes again.
      if (!(error instanceof Interrupted)) throw error;
    }
    this.#balance();
  }

  async #admitBatch(payload: BatchPayload): Promise<void> {
    const { batch } = payload;
    const { recalling } = this.#commits.partitions.get(batch.topic, batch.partition) ?? {};
    if (recalling !== undefined)
      await withHeartbeats(recalling, () => payload.heartbeat(), this.#options.heartbeatIntervalMs);
    const held = this.#commits.begin(payload);
    if (this.#quiesced || held === undefined) return;
    let admitted = 0;
    for (const message of batch.messages) {
      if ((admitted += 1) % ADMITTED_PER_TURN === 0) await othersTurn();
      // What isn't admitted isn't resolved: it comes again, elsewhere.
      if (!this.#takes(held)) return;
      const offset = Number(message.offset);
      if (held.progress.knows(offset)) continue;
      const record = toIncomingRecord(batch.topic, batch.partition, message);
      const admission = this.#options.admit(record, held.progress.admit(offset));
      if (admission === undefined) continue;
      await withHeartbeats(admission, () => payload.heartbeat(), this.#options.heartbeatIntervalMs);
    }
    this.#commits.end(payload, held);
  }

  #takes({ progress }: HeldPartition): boolean {
    return !this.#quiesced && !progress.revoked;
  }

  #balance(): void {
    if (this.#quiesced) return;
    const { isFull, hasRoom, maxUncommitted } = this.#options;
    const bounds = { full: isFull(), roomy: hasRoom(), maxUncommitted };
    for (const held of this.#commits.partitions.toShift(bounds)) this.#setPaused(held, !held.paused);
  }

  #setPaused(held: HeldPartition, paused: boolean): void {
    held.paused = paused;
    const selection = [{ topic: held.topic, partitions: [held.partition] }];
    try {
      if (paused) this.#member.consumer.pause(selection);
      else this.#member.consumer.resume(selection);
    } catch {
      // Between a crash of kafkajs and its restart there is nothing to pause; it is set anew when the member has joined.
    }
  }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
