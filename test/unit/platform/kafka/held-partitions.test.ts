import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AdmittedRecord } from '../../../../services/shared/core/partition-progress.js';
import { HeldPartitions } from '../../../../services/shared/platform/kafka/held-partitions.js';

/**
 * A group in miniature: logs with gaps, the broker's commits, us, and another member that may own what we don't.
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
      readonly theirs: number;
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
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rebalance' as const),
      ours: fc.subarray([0, 1, 2]),
      away: fc.constantFrom('evicted', 'missed', undefined),
      theirs: fc.nat({ max: 8 }),
    }),
  },
);

class Group {
  readonly held = new HeldPartitions();
  readonly logs: readonly (readonly number[])[];
  readonly committed = [0, 0, 0];
  /** Offsets whose effects were acknowledged, by us or by the other member. */
  readonly done: readonly Set<number>[] = [new Set(), new Set(), new Set()];
  readonly #flying: { partition: number; record: AdmittedRecord }[] = [];
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
      if (held.progress.knows(offset)) continue;
      this.#flying.push({ partition, record: held.progress.admit(offset) });
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
    for (const { held, position } of this.held.due()) {
      const { partition } = held;
      expect(this.#ours).toContain(partition);
      expect(position).toBeGreaterThanOrEqual(this.committed[partition]!);
      this.committed[partition] = position;
      held.committed = position;
      const skipped = this.logs[partition]!.filter((offset) => offset < position && !this.done[partition]!.has(offset));
      expect(skipped).toEqual([]);
    }
  }

  #rebalance({ ours, away, theirs }: Extract<Step, { kind: 'rebalance' }>): void {
    this.#ours = ours;
    if (away === 'evicted') this.#memberId += 1;
    for (const partition of [0, 1, 2].filter((number) => away !== undefined || !ours.includes(number))) {
      // The other member goes on from the commit, and commits what it did.
      const next = this.logs[partition]!.filter((offset) => offset >= this.committed[partition]!).slice(0, theirs);
      for (const offset of next) this.done[partition]!.add(offset);
      this.committed[partition] = Math.max(this.committed[partition]!, (next.at(-1) ?? -1) + 1);
    }
    this.#assign(away !== 'missed');
  }

  #assign(continues: boolean): void {
    const memberId = `member-${this.#memberId}`;
    this.held.assign({ memberId, partitions: { [TOPIC]: this.#ours }, continues });
    this.#fetchFrom = [...this.committed];
  }
}

test('under any fetches, completions and rebalances no commit goes back, passes an unfinished record or is another’s', () => {
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
    { numRuns: 500 },
  );
});

test('when all has finished, the commit is at the end of what was fetched', () => {
  const group = new Group(Array.from({ length: 30 }, () => 0));
  for (let round = 0; round < 30; round += 1) {
    for (const partition of [0, 1, 2]) group.play({ kind: 'fetch', partition, count: 3 });
    group.play({ kind: 'finish', which: round * 7 });
    if (round === 4) group.play({ kind: 'rebalance', ours: [0, 1, 2], away: undefined, theirs: 0 });
  }
  group.end();
  expect(group.committed).toEqual(group.logs.map((log) => (log.at(-1) ?? 0) + 1));
  expect(group.held.due()).toEqual([]);
});
