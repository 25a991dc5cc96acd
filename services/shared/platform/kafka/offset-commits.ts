import type { Assignment } from './assignment.js';
import type { BatchPayload } from './fetch-loops.js';
import { HeldPartitions, type Due, type HeldPartition } from './held-partitions.js';

/**
 * Commits how far each partition has come, and what has finished beyond that, by and by and whenever it is asked: not
 * once per batch, which at a low rate is a request per record, and a wait for it before the next one. Every
 * `commitEveryMs` where many records have finished, else at each third time only.
 *
 * Commits go through a batch's own function: the consumer's public one turns an ordinary rebalance into a dead consumer.
 */
export interface OffsetCommitsOptions {
  readonly commitEveryMs: number;
  readonly stuckAfterMs: number;
  readonly onLag: (topic: string, partition: number, records: number) => void;
  readonly onCommitFailure: (error: Error) => void;
  readonly onFatal: (error: Error) => void;
}

type Commit = BatchPayload['commitOffsetsIfNecessary'];
type Offsets = NonNullable<Parameters<Commit>[0]>['topics'];

/**
 * What a crash doubles, beyond what was under way, is what finished since the last commit: in the last 200 ms, or fewer
 * than 100 records in the last 600.
 */
export const COMMIT_EVERY_MS = 200;
const MANY = 100;
const FEW_EVERY_TURNS = 3;

/** Whether it is time for a commit, `turn` × COMMIT_EVERY_MS after the start: for few records at each third turn only. */
export function isCommitDue(turn: number, uncommitted: number): boolean {
  return uncommitted >= MANY || turn % FEW_EVERY_TURNS === 0;
}

export class OffsetCommits {
  readonly partitions = new HeldPartitions();
  readonly #options: OffsetCommitsOptions;
  #commitOffsets: Commit | undefined;
  #committing: Promise<void> = Promise.resolve();
  /** Why nothing can be committed until kafkajs joins again. */
  #refusal: Error | undefined;
  #refusedSince: number | undefined;
  #joins = 0;
  /** A broker may take less than 4,096 bytes. */
  #tellsMaps = true;
  #turns = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
  }

  /** `beforeEach` runs before each commit of the timer. */
  start(beforeEach: () => void = () => undefined): void {
    this.#timer = setInterval(() => {
      beforeEach();
      this.#turns += 1;
      if (isCommitDue(this.#turns, this.partitions.uncommitted)) void this.commit();
    }, this.#options.commitEveryMs);
  }

  /** Commits what is left. To be called before the member leaves: after leaving, kafkajs drops commits silently. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.commit();
  }

  /** Returns the partitions that are new here. */
  assigned(assignment: Assignment): readonly HeldPartition[] {
    this.#joins += 1;
    this.#forgetRefusal();
    return this.partitions.assign(assignment);
  }

  /**
   * Begins a batch: undefined when its partition isn't held any more, or may be held anew since the batch was fetched.
   * @throws the broker's own error when it refuses commits until kafkajs joins again: it does so for this, and the batch
   * comes again after that
   */
  begin(payload: BatchPayload): HeldPartition | undefined {
    const { batch } = payload;
    this.#commitOffsets = payload.commitOffsetsIfNecessary;
    if (this.#refusal !== undefined) throw this.#refusal;
    const held = payload.isStale() ? undefined : this.partitions.get(batch.topic, batch.partition);
    if (held === undefined) return undefined;
    held.highWatermark = Number(batch.highWatermark);
    held.progress.endOfLog(held.highWatermark);
    return held;
  }

  /** Ends a batch: all of it was handled, kafkajs goes on behind it. Not if the member has joined meanwhile. */
  end(payload: BatchPayload, { progress }: HeldPartition): void {
    const { batch } = payload;
    progress.see(Number(batch.lastOffset()));
    if (!payload.isStale()) payload.resolveOffset(batch.lastOffset());
  }

  /** Commits what has finished. One at a time: two under way could arrive in the wrong order and move it back. */
  commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitOnce());
    return this.#committing;
  }

  async #commitOnce(): Promise<void> {
    const due = this.partitions.due(this.#tellsMaps);
    if (due.length === 0 || this.#commitOffsets === undefined) return;
    const joins = this.#joins;
    try {
      await this.#commitOffsets({ topics: toOffsets(due) });
    } catch (error) {
      if (isOfMap(error as Error)) this.#tellsMaps = false;
      // A rebalance, or a broker away: the position goes with the next round, by whoever owns the partition then.
      this.#options.onCommitFailure(error as Error);
      if (joins === this.#joins) this.#noteRefusal(error as Error);
      // Again at the next turn, however few they are.
      this.#turns = FEW_EVERY_TURNS - 1;
      return;
    }
    this.#forgetRefusal();
    for (const { held, position, map, count } of due) {
      held.committed = position;
      held.committedMap = map;
      held.committedCount = count;
      this.#options.onLag(held.topic, held.partition, Math.max(0, held.highWatermark - position));
    }
  }

  /** Known at the next batch; where none comes for so long, only a new process helps. */
  #noteRefusal(error: Error): void {
    if (!isLastingRefusal(error)) return;
    this.#refusal ??= error;
    this.#refusedSince ??= performance.now();
    if (performance.now() - this.#refusedSince > this.#options.stuckAfterMs / 2)
      this.#options.onFatal(new Error('commits are refused, and kafkajs does not join its group again'));
  }

  #forgetRefusal(): void {
    this.#refusal = undefined;
    this.#refusedSince = undefined;
  }
}

/**
 * Commits that never succeed again until kafkajs joins anew, which it doesn't by itself. When a group's coordinator moves
 * and is still loading, it gives up joining, finds its heartbeats answered by the new one, and goes on: but its commits go
 * to the old one. And when a join after an eviction breaks off, it goes on without a member id, as which it sends no
 * heartbeats: it reads what others read.
 */
const LASTING: ReadonlySet<unknown> = new Set(['NOT_COORDINATOR_FOR_GROUP', 'UNKNOWN_MEMBER_ID']);

function isLastingRefusal(error: Error): boolean {
  return LASTING.has((error as { type?: unknown }).type);
}

const OF_MAPS: ReadonlySet<unknown> = new Set(['OFFSET_METADATA_TOO_LARGE', 'INVALID_COMMIT_OFFSET_SIZE']);

function isOfMap(error: Error): boolean {
  return OF_MAPS.has((error as { type?: unknown }).type);
}

function toOffsets(due: readonly Due[]): Offsets {
  const byTopic = new Map<string, { partition: number; offset: string; metadata: string }[]>();
  for (const { held, position, map } of due) {
    const offsets = byTopic.get(held.topic) ?? [];
    offsets.push({ partition: held.partition, offset: String(position), metadata: map });
    byTopic.set(held.topic, offsets);
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
}
