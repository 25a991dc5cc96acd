import { encodeOffsetMap } from '../../core/offset-map.js';
import { PartitionProgress } from '../../core/partition-progress.js';
import type { Assignment } from './assignment.js';

/**
 * The partitions that this member holds, how far each has come, and which are paused. No I/O.
 *
 * The fence: kafkajs commits with whatever generation it has now, and the broker doesn't check who owns a partition, so
 * a late completion could commit another member's partition. Progress belongs to one stretch of ownership: a partition
 * that is lost, or any partition that another may have owned meanwhile (we were evicted, or missed a division of the
 * group), gets its progress revoked, and revoked progress commits nothing. A partition that is kept keeps its progress.
 */
export interface HeldPartition {
  readonly topic: string;
  readonly partition: number;
  readonly progress: PartitionProgress;
  /** The offset committed last; -1 when none was. */
  committed: number;
  /** What was told with it of what is beyond. */
  committedMap: string;
  /** How many had finished then. */
  committedCount: number;
  /** One past the last record of the log, as the last fetch told. */
  highWatermark: number;
  /** While what the owner before us told with its commit is not known yet. */
  recalling: Promise<void> | undefined;
  paused: boolean;
}

/** What is to be committed of a partition. */
export interface Due {
  readonly held: HeldPartition;
  readonly position: number;
  readonly map: string;
  readonly count: number;
}

export interface Bounds {
  /** The memory given to records is used up. */
  readonly full: boolean;
  /** There is room again; a gap to `full` keeps partitions from flapping. */
  readonly roomy: boolean;
  /** Uncommitted records of one partition at which it is paused; it resumes at half. */
  readonly maxUncommitted: number;
}

export class HeldPartitions {
  #memberId = '';
  #held = new Map<string, HeldPartition>();

  /** Takes over what a join assigned; progress of what is no longer ours is revoked. Returns what is new here. */
  assign({ memberId, partitions, continues }: Assignment): readonly HeldPartition[] {
    const before = this.#held;
    const continued = continues && memberId === this.#memberId;
    this.#memberId = memberId;
    this.#held = new Map();
    const fresh: HeldPartition[] = [];
    for (const [topic, numbers] of Object.entries(partitions)) {
      for (const partition of numbers) {
        const key = keyOf(topic, partition);
        const kept = continued ? before.get(key) : undefined;
        const held = kept ?? begin(topic, partition);
        this.#held.set(key, held);
        if (kept === undefined) fresh.push(held);
      }
    }
    for (const [key, held] of before) if (this.#held.get(key) !== held) held.progress.revoke();
    return fresh;
  }

  get(topic: string, partition: number): HeldPartition | undefined {
    return this.#held.get(keyOf(topic, partition));
  }

  all(): Iterable<HeldPartition> {
    return this.#held.values();
  }

  /** What has moved since the last commit: positions, or, where maps are wanted, what finished beyond them. */
  due(withMaps = true): Due[] {
    const due = [];
    for (const held of this.#held.values()) {
      const position = held.progress.positionBeyond(held.committed) ?? held.committed;
      const beyond = held.progress.beyond();
      if (position < 0 || beyond === undefined) continue;
      const map = withMaps ? encodeOffsetMap(position, beyond) : '';
      const { finished: count } = held.progress;
      if (position > held.committed || map !== held.committedMap) due.push({ held, position, map, count });
    }
    return due;
  }

  /** How many records have finished since the last commit. */
  get uncommitted(): number {
    let count = 0;
    for (const { progress, committedCount } of this.#held.values()) count += progress.finished - committedCount;
    return count;
  }

  /** Which partitions must change between paused and flowing at these bounds. */
  toShift({ full, roomy, maxUncommitted }: Bounds): HeldPartition[] {
    return [...this.#held.values()].filter(({ progress: { span }, paused }) =>
      paused ? roomy && span * 2 <= maxUncommitted : full || span >= maxUncommitted,
    );
  }
}

function begin(topic: string, partition: number): HeldPartition {
  const progress = new PartitionProgress(topic, partition);
  return {
    topic,
    partition,
    progress,
    committed: -1,
    committedMap: '',
    committedCount: 0,
    highWatermark: 0,
    recalling: undefined,
    paused: false,
  };
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
