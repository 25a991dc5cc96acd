import type { EachBatchPayload } from 'kafkajs';
import type { AdmittedRecord } from '../../core/partition-progress.js';
import { Interrupted } from '../process/patience.js';
import { createGroupMember, type Assignment, type GroupMember, type GroupMemberOptions } from './group-member.js';
import { HeldPartitions, type HeldPartition } from './held-partitions.js';
import { toIncomingRecord, type IncomingRecord } from './incoming-record.js';
import { withHeartbeats } from './with-heartbeats.js';

/**
 * Reads topics by taking records into memory; they finish later, in any order.
 *
 * "The delivery consumer never holds a partition hostage": a batch is admitted and the handler returns, so fetches and
 * heartbeats go on whatever a record waits for. Committed is only the contiguous prefix of what finished, every
 * `commitEveryMs` and once more before a rebalance or the end. At a bound partitions are paused, not the process.
 * After a rebalance kafkajs fetches again from the commit; records that are here already are known and skipped.
 *
 * Doubled after a crash: what was in flight or finished beyond the last commit.
 */
export interface AdmittingConsumerOptions extends Omit<
  GroupMemberOptions,
  'onBatch' | 'onAssigned' | 'onRebalancing' | 'concurrency'
> {
  /** Takes one record; a promise means that admission waits (a schema is being fetched). */
  readonly admit: (record: IncomingRecord, admitted: AdmittedRecord) => void | Promise<void>;
  readonly isFull: () => boolean;
  readonly hasRoom: () => boolean;
  /** Uncommitted records per partition. */
  readonly maxUncommitted: number;
  readonly commitEveryMs: number;
  readonly onLag: (topic: string, partition: number, records: number) => void;
  readonly onCommitFailure: (error: Error) => void;
}

type Commit = EachBatchPayload['commitOffsetsIfNecessary'];
type Offsets = NonNullable<Parameters<Commit>[0]>['topics'];

/** Records admitted in one go, about a millisecond: what they ask of the event loop must not delay answers. */
const SLICE = 64;

export class AdmittingConsumer {
  readonly #options: AdmittingConsumerOptions;
  readonly #member: GroupMember;
  readonly #partitions = new HeldPartitions();
  #commitOffsets: Commit | undefined;
  #committing: Promise<void> = Promise.resolve();
  /** Why the coordinator that kafkajs commits to isn't ours any more. */
  #lostCoordinator: Error | undefined;
  #lostSince: number | undefined;
  #joins = 0;
  #quiesced = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AdmittingConsumerOptions) {
    this.#options = options;
    this.#member = createGroupMember({
      ...options,
      concurrency: 1,
      onBatch: (payload) => this.#onBatch(payload),
      onAssigned: (assignment) => this.#onAssigned(assignment),
      onRebalancing: () => void this.commit(),
    });
  }

  /** Records read and not yet behind the commit, over all partitions. */
  get uncommitted(): number {
    return [...this.#partitions.all()].reduce((sum, { progress }) => sum + progress.span, 0);
  }

  get pausedPartitions(): number {
    return [...this.#partitions.all()].filter(({ paused }) => paused).length;
  }

  /** Undefined while all is well; otherwise what is wrong. */
  trouble(): string | undefined {
    return this.#member.trouble();
  }

  async start(): Promise<void> {
    await this.#member.start();
    this.#timer = setInterval(() => {
      this.#balance();
      void this.commit();
    }, this.#options.commitEveryMs);
  }

  /** Takes no more records; the member stays in its group, so that what is here can still be committed. */
  quiesce(): void {
    this.#quiesced = true;
    for (const held of this.#partitions.all()) this.#setPaused(held, true);
  }

  /** Commits what has finished. One at a time: two under way could arrive in the wrong order and move it back. */
  commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitOnce());
    return this.#committing;
  }

  /** A last commit, then the member leaves its group: after leaving, kafkajs drops commits silently. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.commit();
    await this.#member.stop();
  }

  #onAssigned(assignment: Assignment): void {
    this.#joins += 1;
    this.#forgetLostCoordinator();
    this.#partitions.assign(assignment);
    // A restart of kafkajs forgets what is paused, a rebalance doesn't: set all anew.
    for (const held of this.#partitions.all()) this.#setPaused(held, held.paused || this.#quiesced);
  }

  async #onBatch(payload: EachBatchPayload): Promise<void> {
    this.#commitOffsets = (offsets) => payload.commitOffsetsIfNecessary(offsets);
    try {
      await this.#admitBatch(payload);
    } catch (error) {
      // The process stops: what was not admitted isn't resolved and comes again.
      if (!(error instanceof Interrupted)) throw error;
    }
    this.#balance();
  }

  async #admitBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    // From here kafkajs takes it for what it is, and joins again; the batch comes again after that.
    if (this.#lostCoordinator !== undefined) throw this.#lostCoordinator;
    const held = this.#partitions.get(batch.topic, batch.partition);
    if (this.#quiesced || held === undefined) return;
    held.highWatermark = Number(batch.highWatermark);
    let admitted = 0;
    for (const message of batch.messages) {
      if ((admitted += 1) % SLICE === 0) await othersTurn();
      // What isn't admitted isn't resolved: it comes again, elsewhere.
      if (this.#quiesced) return;
      const offset = Number(message.offset);
      if (held.progress.knows(offset)) continue;
      const record = toIncomingRecord(batch.topic, batch.partition, message);
      const admission = this.#options.admit(record, held.progress.admit(offset));
      if (admission === undefined) continue;
      await withHeartbeats(admission, () => payload.heartbeat(), this.#options.heartbeatIntervalMs);
    }
    held.progress.see(Number(batch.lastOffset()));
    payload.resolveOffset(batch.lastOffset());
  }

  #balance(): void {
    if (this.#quiesced) return;
    const { isFull, hasRoom, maxUncommitted } = this.#options;
    const bounds = { full: isFull(), roomy: hasRoom(), maxUncommitted };
    for (const held of this.#partitions.toShift(bounds)) this.#setPaused(held, !held.paused);
  }

  #setPaused(held: HeldPartition, paused: boolean): void {
    held.paused = paused;
    const selection = [{ topic: held.topic, partitions: [held.partition] }];
    if (paused) this.#member.consumer.pause(selection);
    else this.#member.consumer.resume(selection);
  }

  /** Known at the next batch; where none comes for so long, only a new process helps. */
  #noteCoordinator(error: Error): void {
    if (!isOfLostCoordinator(error)) return;
    this.#lostCoordinator ??= error;
    this.#lostSince ??= performance.now();
    if (performance.now() - this.#lostSince > this.#options.stuckAfterMs / 2)
      this.#options.onFatal(new Error('commits go to a broker that does not coordinate the group any more'));
  }

  #forgetLostCoordinator(): void {
    this.#lostCoordinator = undefined;
    this.#lostSince = undefined;
  }

  async #commitOnce(): Promise<void> {
    const due = this.#partitions.due();
    if (due.length === 0 || this.#commitOffsets === undefined) return;
    const joins = this.#joins;
    try {
      await this.#commitOffsets({ topics: toOffsets(due) });
    } catch (error) {
      // A rebalance, or a broker away: the position goes with the next round, by whoever owns the partition then.
      this.#options.onCommitFailure(error as Error);
      if (joins === this.#joins) this.#noteCoordinator(error as Error);
      return;
    }
    this.#forgetLostCoordinator();
    for (const { held, position } of due) {
      held.committed = position;
      this.#options.onLag(held.topic, held.partition, Math.max(0, held.highWatermark - position));
    }
  }
}

/**
 * When a group's coordinator moves and is still loading, kafkajs gives up joining, finds its heartbeats answered by the
 * new one, and goes on: but its commits go to the old one for good. They never succeed again until it joins anew.
 */
function isOfLostCoordinator(error: Error): boolean {
  return (error as { type?: string }).type === 'NOT_COORDINATOR_FOR_GROUP';
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function toOffsets(due: readonly { readonly held: HeldPartition; readonly position: number }[]): Offsets {
  const byTopic = new Map<string, { partition: number; offset: string }[]>();
  for (const { held, position } of due) {
    const offsets = byTopic.get(held.topic) ?? [];
    offsets.push({ partition: held.partition, offset: String(position) });
    byTopic.set(held.topic, offsets);
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
}
