import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeOffsetMap, encodeOffsetMap, hasFinished } from '../../../../services/shared/core/offset-map.js';
import { PartitionProgress, type AdmittedRecord } from '../../../../services/shared/core/partition-progress.js';
import { HeldPartitions, type HeldPartition } from '../../../../services/shared/platform/kafka/held-partitions.js';

/**
 * A group in miniature: logs with gaps, the broker's commits with what they tell of what is beyond them, us, and another
 * member that may own what we don't, and dies with what it has not committed.
 * The broker takes any commit, as the real one does (it doesn't check who owns a partition): the fence is ours.
 */
const TOPIC = 'topic';
const PARTITIONS = 3;

type Step =
  | { readonly kind: 'fetch'; readonly partition: number; readonly count: number }
  | { readonly kind: 'finish'; readonly which: number }
  | { readonly kind: 'commit' }
  | {
      readonly kind: 'rebalance';
      readonly ours: readonly number[];
      /** Whether others may have owned what we get: we have a new member id, or missed a division of the group. */
      readonly away: 'evicted' | 'missed' | undefined;
      /** Records that the other member takes, and of these how many at the beginning it doesn't finish. */
      readonly theirs: number;
      readonly unfinished: number;
    };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fetch' as const),
      partition: fc.nat({ max: PARTITIONS - 1 }),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('finish' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('rebalance' as const),
      ours: fc.subarray([0, 1, 2]),
      away: fc.constantFrom('evicted', 'missed', undefined),
      theirs: fc.nat({ max: 8 }),
      unfinished: fc.nat({ max: 3 }),
    }),
  },
);

class Group {
  readonly held = new HeldPartitions();
  readonly logs: readonly (readonly number[])[];
  readonly committed = [0, 0, 0];
  /** What each commit told of what had finished beyond it. */
  readonly maps = ['', '', ''];
  /** Offsets whose effects were acknowledged, by us or by the other member. */
  readonly done: readonly Set<number>[] = [new Set(), new Set(), new Set()];
  readonly #flying: { partition: number; record: AdmittedRecord }[] = [];
  readonly #admitted = new Map<HeldPartition, Map<number, AdmittedRecord>>();
  #fetchFrom = [0, 0, 0];
  #memberId = 1;
  #ours: readonly number[] = [0, 1, 2];

  constructor(gaps: readonly number[]) {
    this.logs = [0, 1, 2].map((partition) => {
      let offset = 0;
      return gaps.map((gap, index) => (offset += index === 0 ? partition : 1 + gap));
    });
    this.#assign(true);
  }

  play(current: Step): void {
    switch (current.kind) {
      case 'fetch':
        return this.#fetch(current.partition, current.count);
      case 'finish':
        return this.#finish(current.which);
      case 'commit':
        return this.#commit();
      case 'rebalance':
        return this.#rebalance(current);
    }
  }

  end(): void {
    while (this.#flying.length > 0) this.#finish(0);
    this.#commit();
  }

  #fetch(partition: number, count: number): void {
    const held = this.held.get(TOPIC, partition);
    if (held === undefined) return;
    const batch = (this.logs[partition] ?? [])
      .filter((offset) => offset >= this.#fetchFrom[partition]!)
      .slice(0, count);
    for (const offset of batch) {
      const isOurs = this.#admitted.get(held)?.has(offset) === true;
      if (held.progress.knows(offset)) {
        expect(isOurs || this.done[partition]!.has(offset)).toBe(true);
        continue;
      }
      expect(this.#isTold(partition, offset)).toBe(false);
      const record = held.progress.admit(offset);
      this.#flying.push({ partition, record });
      this.#admitted.set(held, (this.#admitted.get(held) ?? new Map<number, AdmittedRecord>()).set(offset, record));
    }
    const last = batch.at(-1);
    if (last === undefined) return;
    held.progress.see(last);
    this.#fetchFrom[partition] = last + 1;
  }

  #finish(which: number): void {
    const [flight] = this.#flying.splice(this.#flying.length === 0 ? 0 : which % this.#flying.length, 1);
    if (flight === undefined) return;
    flight.record.finish();
    this.done[flight.partition]?.add(flight.record.offset);
  }

  #commit(): void {
    for (const { held, position, map } of this.held.due()) {
      const { partition } = held;
      expect(this.#ours).toContain(partition);
      expect(position).toBeGreaterThanOrEqual(this.committed[partition]!);
      const toldBefore = this.logs[partition]!.filter((offset) => this.#isTold(partition, offset));
      this.committed[partition] = position;
      this.maps[partition] = map;
      held.committed = position;
      held.committedMap = map;
      // Told is nothing but what has finished, all that was told before, and all that has finished in this stretch of ours.
      const told = this.logs[partition]!.filter((offset) => this.#isTold(partition, offset));
      expect(told.filter((offset) => !this.done[partition]!.has(offset))).toEqual([]);
      expect(told).toEqual(expect.arrayContaining(toldBefore));
      for (const { finished, offset } of this.#admitted.get(held)?.values() ?? [])
        if (finished) expect(told).toContain(offset);
    }
  }

  #isTold(partition: number, offset: number): boolean {
    const base = this.committed[partition]!;
    const map = decodeOffsetMap(base, this.maps[partition]);
    return offset < base || (map !== undefined && hasFinished(map, offset));
  }

  /** The other member goes on from the commit, commits what it did, and is gone. */
  #theirTurn(partition: number, theirs: number, unfinished: number): void {
    const progress = new PartitionProgress(TOPIC, partition);
    this.#recall(progress, partition);
    const next = this.logs[partition]!.filter(
      (offset) => offset >= this.committed[partition]! && !progress.knows(offset),
    );
    for (const [index, offset] of next.slice(0, theirs).entries()) {
      const record = progress.admit(offset);
      if (index < unfinished) continue;
      record.finish();
      this.done[partition]!.add(offset);
    }
    const [position, beyond] = [progress.positionBeyond(this.committed[partition]!), progress.beyond()];
    if (position !== undefined) this.committed[partition] = position;
    if (beyond !== undefined) this.maps[partition] = encodeOffsetMap(this.committed[partition]!, beyond);
  }

  #recall(progress: PartitionProgress, partition: number): void {
    const map = decodeOffsetMap(this.committed[partition]!, this.maps[partition]);
    if (map !== undefined) progress.recall(this.committed[partition]!, map);
  }

  #rebalance({ ours, away, theirs, unfinished }: Extract<Step, { kind: 'rebalance' }>): void {
    this.#ours = ours;
    if (away === 'evicted') this.#memberId += 1;
    for (const partition of [0, 1, 2].filter((number) => away !== undefined || !ours.includes(number)))
      this.#theirTurn(partition, theirs, unfinished);
    this.#assign(away !== 'missed');
  }

  #assign(continues: boolean): void {
    const memberId = `member-${this.#memberId}`;
    const fresh = this.held.assign({ memberId, partitions: { [TOPIC]: this.#ours }, continues });
    for (const { progress, partition } of fresh) this.#recall(progress, partition);
    this.#fetchFrom = [...this.committed];
  }
}

test('under any fetches, completions and rebalances no commit goes back, passes or hides an unfinished record or is another’s, and what it told is not done again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 3 }), { minLength: 20, maxLength: 60 }),
      fc.array(step, { maxLength: 150 }),
      (gaps, steps) => {
        const group = new Group(gaps);
        for (const current of steps) group.play(current);
        group.end();
      },
    ),
    { numRuns: 1_000 },
  );
});

test('when all has finished, the commit is at the end of what was fetched', () => {
  const group = new Group(Array.from({ length: 30 }, () => 0));
  for (let round = 0; round < 30; round += 1) {
    for (const partition of [0, 1, 2]) group.play({ kind: 'fetch', partition, count: 3 });
    group.play({ kind: 'finish', which: round * 7 });
    if (round === 4) group.play({ kind: 'rebalance', ours: [0, 1, 2], away: undefined, theirs: 0, unfinished: 0 });
  }
  group.end();
  expect(group.committed).toEqual(group.logs.map((log) => (log.at(-1) ?? 0) + 1));
  expect(group.held.due()).toEqual([]);
});
