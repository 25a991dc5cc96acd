import { describe, expect, test } from '@jest/globals';
import { InvariantError } from '../../services/shared/core/errors.js';
import { PartitionProgress } from '../../services/shared/core/partition-progress.js';
import {
  HeldPartitions,
  type Bounds,
  type HeldPartition,
} from '../../services/shared/platform/kafka/held-partitions.js';

/**
 * Chapter 8: what is committed.
 *
 * "At least once: an offset is committed only after everything that it caused has been acknowledged. Completions come
 * out of order; only the contiguous prefix of each partition is committed. At a bound the partition is paused, not the
 * process. A completion for a partition that was lost in a rebalance commits nothing."
 */
const TOPIC = 'webhooks.dispatch';

describe('the contiguous prefix of what finished', () => {
  /** Offsets admitted; those that finish, in that order; the position after each. */
  test.each<[string, number[], number[], (number | undefined)[]]>([
    ['in order', [10, 11, 12], [10, 11, 12], [11, 12, 13]],
    ['backwards: nothing before the first', [10, 11, 12], [12, 11, 10], [10, 10, 13]],
    ['a hole stays until it is filled', [10, 11, 12, 13], [10, 12, 13, 11], [11, 11, 11, 14]],
    ['gaps between offsets are nobody’s', [10, 15, 40], [10, 15, 40], [15, 40, 41]],
    ['one alone', [0], [0], [1]],
  ])('%s', (_order, admitted, finished, positions) => {
    const progress = new PartitionProgress(TOPIC, 0);
    const records = new Map(admitted.map((offset) => [offset, progress.admit(offset)]));
    const seen = finished.map((offset) => {
      records.get(offset)?.finish();
      return progress.positionBeyond(-1);
    });
    expect(seen).toEqual(positions);
  });

  test('nothing was read: there is nothing to commit', () => {
    expect(new PartitionProgress(TOPIC, 0).positionBeyond(-1)).toBeUndefined();
  });

  test('the last of a batch may be a record that we never get (a control record): it doesn’t hold back the commit', () => {
    const progress = new PartitionProgress(TOPIC, 0);
    progress.admit(10).finish();
    progress.see(14);
    expect(progress.positionBeyond(-1)).toBe(15);
  });

  test('what was seen counts only when all before it has finished', () => {
    const progress = new PartitionProgress(TOPIC, 0);
    const record = progress.admit(10);
    progress.see(14);
    expect(progress.positionBeyond(9)).toBe(10);
    record.finish();
    expect(progress.positionBeyond(9)).toBe(15);
  });

  test('finishing twice is finishing once', () => {
    const progress = new PartitionProgress(TOPIC, 0);
    const [first] = [progress.admit(10), progress.admit(11)];
    first?.finish();
    first?.finish();
    expect(progress.positionBeyond(-1)).toBe(11);
  });

  test('the uncommitted span is what isn’t behind the position', () => {
    const progress = new PartitionProgress(TOPIC, 0);
    const records = [10, 11, 12].map((offset) => progress.admit(offset));
    records[1]?.finish();
    expect([progress.positionBeyond(-1), progress.span]).toEqual([10, 3]);
    records[0]?.finish();
    expect([progress.positionBeyond(-1), progress.span]).toEqual([12, 1]);
  });
});

describe('the position never goes back', () => {
  test('it is told only when it is beyond what was committed', () => {
    const progress = new PartitionProgress(TOPIC, 0);
    progress.admit(10).finish();
    expect([progress.positionBeyond(10), progress.positionBeyond(11), progress.positionBeyond(99)]).toEqual([
      11,
      undefined,
      undefined,
    ]);
  });

  test('records that are fetched again are known', () => {
    const progress = new PartitionProgress(TOPIC, 0);
    progress.admit(10);
    progress.see(12);
    expect([9, 10, 12, 13].map((offset) => progress.knows(offset))).toEqual([true, true, true, false]);
  });

  test('a record that is admitted twice is a bug of ours', () => {
    const progress = new PartitionProgress(TOPIC, 0);
    progress.admit(10);
    expect(() => progress.admit(10)).toThrow(InvariantError);
    expect(() => progress.admit(9)).toThrow(InvariantError);
  });
});

describe('the fence around a stretch of ownership', () => {
  const holding = (partitions: number[], memberId = 'member-1', continues = true) => ({
    memberId,
    partitions: { [TOPIC]: partitions },
    continues,
  });
  const hold = (partitions: number[]): HeldPartitions => {
    const held = new HeldPartitions();
    held.assign(holding(partitions));
    return held;
  };
  const get = (held: HeldPartitions, partition: number): HeldPartition => {
    const found = held.get(TOPIC, partition);
    if (found === undefined) throw new Error(`partition ${partition} is not held`);
    return found;
  };

  test('a completion for a partition that was lost commits nothing', () => {
    const held = hold([0, 1]);
    const lost = get(held, 1);
    const record = lost.progress.admit(5);
    held.assign(holding([0]));
    record.finish();
    expect([held.get(TOPIC, 1), lost.progress.revoked, lost.progress.positionBeyond(-1), held.due()]).toEqual([
      undefined,
      true,
      undefined,
      [],
    ]);
  });

  test('nor does it when the partition came back: another may have owned it meanwhile', () => {
    const held = hold([0]);
    const before = get(held, 0).progress.admit(5);
    held.assign(holding([]));
    held.assign(holding([0]));
    before.finish();
    expect([held.due(), get(held, 0).committed]).toEqual([[], -1]);
    get(held, 0).progress.admit(3).finish();
    expect(held.due().map(({ position }) => position)).toEqual([4]);
  });

  test('progress ends with a division of the group that we missed: another may have owned the partition', () => {
    const held = hold([0]);
    const { progress } = get(held, 0);
    held.assign(holding([0], 'member-1', false));
    expect([progress.revoked, get(held, 0).progress.revoked]).toEqual([true, false]);
  });

  test('a partition that is kept keeps its progress: what is in flight is known and not taken again', () => {
    const held = hold([0, 1]);
    const record = get(held, 0).progress.admit(5);
    held.assign(holding([0]));
    expect([get(held, 0).progress.knows(5), get(held, 0).progress.revoked]).toEqual([true, false]);
    record.finish();
    expect(held.due().map(({ position }) => position)).toEqual([6]);
  });

  test('under a new member id nothing is kept: we were evicted', () => {
    const held = hold([0]);
    const before = get(held, 0);
    before.progress.admit(5).finish();
    held.assign(holding([0], 'member-2'));
    expect([before.progress.revoked, get(held, 0) === before, held.due()]).toEqual([true, false, []]);
  });

  test('topics with the same partition numbers don’t mix', () => {
    const held = new HeldPartitions();
    held.assign({ memberId: 'm', partitions: { a: [0], b: [0] }, continues: true });
    held.get('a', 0)?.progress.admit(5).finish();
    expect(held.due().map(({ held: { topic }, position }) => [topic, position])).toEqual([['a', 6]]);
  });

  test('what was committed is due no more, until it moves', () => {
    const held = hold([0]);
    const partition = get(held, 0);
    const records = [5, 6].map((offset) => partition.progress.admit(offset));
    records[0]?.finish();
    const [first] = held.due();
    partition.committed = first?.position ?? -1;
    expect([first?.position, held.due()]).toEqual([6, []]);
    records[1]?.finish();
    expect(held.due().map(({ position }) => position)).toEqual([7]);
  });
});

describe('at a bound the partition is paused, not the process', () => {
  const bounds: Bounds = { full: false, roomy: true, maxUncommitted: 4 };
  const heldWith = (span: number, paused: boolean): HeldPartitions => {
    const held = new HeldPartitions();
    held.assign({ memberId: 'm', partitions: { [TOPIC]: [0] }, continues: true });
    const partition = held.get(TOPIC, 0) as HeldPartition;
    for (let offset = 0; offset < span; offset += 1) partition.progress.admit(offset);
    partition.paused = paused;
    return held;
  };

  test.each<[string, number, boolean, Partial<Bounds>, boolean]>([
    ['flowing, within all bounds: flows on', 3, false, {}, false],
    ['flowing, its span is used up: pauses', 4, false, {}, true],
    ['flowing, memory is full: pauses', 0, false, { full: true, roomy: false }, true],
    ['flowing, memory is neither full nor roomy: flows on', 0, false, { roomy: false }, false],
    ['paused, half of its span is free and there is room: resumes', 2, true, {}, true],
    ['paused, more than half of its span is used: stays', 3, true, {}, false],
    ['paused, no room yet: stays', 0, true, { roomy: false }, false],
  ])('%s', (_rule, span, paused, some, shifts) => {
    expect(heldWith(span, paused).toShift({ ...bounds, ...some })).toHaveLength(shifts ? 1 : 0);
  });
});
