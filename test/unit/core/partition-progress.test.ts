import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PartitionProgress, type AdmittedRecord } from '../../../services/shared/core/partition-progress.js';

/**
 * The naive model: a list of what was admitted, and whether it finished. The position is the first offset that has not
 * finished, or one past the last that was seen.
 */
class Model {
  readonly records: { offset: number; finished: boolean }[] = [];
  seenUpTo = -1;
  revoked = false;

  position(): number {
    return this.records.find(({ finished }) => !finished)?.offset ?? this.seenUpTo;
  }

  span(): number {
    return this.records.filter(({ offset }) => offset >= this.position()).length;
  }
}

type Step =
  | { readonly kind: 'admit'; readonly gap: number }
  | { readonly kind: 'see'; readonly beyond: number }
  | { readonly kind: 'finish'; readonly which: number }
  | { readonly kind: 'commit' }
  | { readonly kind: 'revoke' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('admit' as const), gap: fc.nat({ max: 4 }) }) },
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('finish' as const), which: fc.nat() }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('see' as const), beyond: fc.nat({ max: 5 }) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const) }) },
);

function play(firstOffset: number, steps: readonly Step[]): void {
  const progress = new PartitionProgress('topic', 0);
  const model = new Model();
  const records: AdmittedRecord[] = [];
  let committed = -1;
  const compare = (): void => {
    const position = progress.positionBeyond(committed);
    if (model.revoked) {
      expect(position).toBeUndefined();
      return;
    }
    expect(position ?? committed).toBe(Math.max(committed, model.position()));
    expect(progress.span).toBe(model.span());
    if (position === undefined) return;
    expect(position).toBeGreaterThan(committed);
    expect(model.records.every(({ offset, finished }) => offset >= position || finished)).toBe(true);
    committed = position;
  };
  for (const current of steps) {
    switch (current.kind) {
      case 'admit': {
        if (model.revoked) break;
        const offset = Math.max(firstOffset, model.seenUpTo) + current.gap;
        expect(progress.knows(offset)).toBe(false);
        records.push(progress.admit(offset));
        model.records.push({ offset, finished: false });
        model.seenUpTo = offset + 1;
        expect(progress.knows(offset)).toBe(true);
        break;
      }
      case 'see': {
        const last = model.seenUpTo - 3 + current.beyond;
        progress.see(last);
        model.seenUpTo = Math.max(model.seenUpTo, last + 1);
        break;
      }
      case 'finish': {
        const index = records.length === 0 ? -1 : current.which % records.length;
        records[index]?.finish();
        const record = model.records[index];
        if (record !== undefined) record.finished = true;
        break;
      }
      case 'commit':
        compare();
        break;
      case 'revoke':
        progress.revoke();
        model.revoked = true;
        break;
    }
  }
  compare();
}

test('under any gaps and any order of completion, the position is the model’s and never passes an unfinished record', () => {
  fc.assert(fc.property(fc.nat({ max: 1_000_000 }), fc.array(step, { maxLength: 200 }), play), { numRuns: 500 });
});

test('what is behind the position is dropped, and nothing is lost by that', () => {
  const progress = new PartitionProgress('topic', 0);
  const waiting: AdmittedRecord[] = [];
  let committed = -1;
  for (let offset = 0; offset < 20_000; offset += 1) {
    waiting.push(progress.admit(offset));
    if (waiting.length > 700) waiting.splice(offset % 2 === 0 ? 0 : 300, 1)[0]?.finish();
    if (offset % 100 !== 0) continue;
    const position = progress.positionBeyond(committed);
    expect(position ?? committed).toBe(Math.min(...waiting.map((record) => record.offset)));
    committed = position ?? committed;
  }
  for (const record of waiting) record.finish();
  expect([progress.positionBeyond(committed), progress.span]).toEqual([20_000, 0]);
});

test('what has finished is counted, in any order, once, and what was only seen with it', () => {
  const progress = new PartitionProgress('t', 0);
  const [first, second] = [progress.admit(5), progress.admit(6)];
  second.finish();
  second.finish();
  expect(progress.finished).toBe(1);
  progress.see(8);
  progress.see(6);
  first.finish();
  expect(progress.finished).toBe(4);
  const fresh = new PartitionProgress('t', 1);
  fresh.see(2);
  expect(fresh.finished).toBe(3);
});

test('records of a lost partition can finish; that changes nothing', () => {
  const progress = new PartitionProgress('topic', 0);
  const record = progress.admit(3);
  progress.revoke();
  record.finish();
  expect([record.finished, progress.positionBeyond(-1), progress.span]).toEqual([true, undefined, 0]);
});
