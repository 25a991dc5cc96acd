import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeOffsetMap,
  encodeOffsetMap,
  hasFinished,
  type OffsetMap,
} from '../../../services/shared/core/offset-map.js';

/** What is finished of `length` offsets from `base`, as it would be found in a partition. */
function mapOf(base: number, finished: readonly boolean[]): OffsetMap {
  const incomplete: { from: number; to: number }[] = [];
  finished.forEach((isFinished, index) => {
    const offset = base + index;
    if (isFinished) return;
    const last = incomplete.at(-1);
    if (last?.to === offset) last.to += 1;
    else incomplete.push({ from: offset, to: offset + 1 });
  });
  return { upTo: base + finished.length, incomplete };
}

const toldBy = (base: number, text: string, count: number): boolean[] => {
  const map = decodeOffsetMap(base, text);
  return Array.from({ length: count }, (_, index) => map !== undefined && hasFinished(map, base + index));
};

const bases = fc.oneof(
  fc.nat(),
  fc.maxSafeNat().map((base) => Math.floor(base / 2)),
);

test('what was told is read as it was, at any offset', () => {
  fc.assert(
    fc.property(bases, fc.array(fc.boolean(), { maxLength: 500 }), (base, finished) => {
      const text = encodeOffsetMap(base, mapOf(base, finished));
      expect(toldBy(base, text, finished.length + 5)).toEqual([...finished, ...Array<boolean>(5).fill(false)]);
    }),
  );
});

test('nothing is told where nothing beyond the commit has finished', () => {
  for (const finished of [[], [false], [false, false, false]]) expect(encodeOffsetMap(7, mapOf(7, finished))).toBe('');
});

test('runs take little room, however long they are', () => {
  const finished = [...Array<boolean>(4_000).fill(false), ...Array<boolean>(1_000_000).fill(true), false];
  expect(encodeOffsetMap(10 ** 12, mapOf(10 ** 12, finished)).length).toBeLessThan(30);
});

test('what has no room is not told of; what is told is right all the same', () => {
  const finished = Array.from({ length: 9_000 }, (_, index) => index % 2 === 1);
  const text = encodeOffsetMap(0, mapOf(0, finished));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
  const told = toldBy(0, text, finished.length);
  expect(told.filter((isFinished, index) => isFinished && finished[index] === false)).toEqual([]);
  expect(told.filter(Boolean).length).toBeGreaterThan(1_400);
});

describe('a text that is not ours', () => {
  test.each<[string, string | null | undefined]>([
    ['none', undefined],
    ['null', null],
    ['empty', ''],
    ['of another program', 'committed by a tool'],
    ['of another format', 'i2:0:AAAA'],
    ['that was told with another offset', encodeOffsetMap(5, { upTo: 9, incomplete: [{ from: 5, to: 6 }] })],
    ['that breaks off within a number', `i1:0:${Buffer.of(1, 0x80).toString('base64url')}`],
    ['that ends with what has not finished', `i1:0:${Buffer.of(0, 3).toString('base64url')}`],
    ['beyond what a number can hold', `i1:0:${Buffer.alloc(12, 0xff).toString('base64url')}`],
    ['of a huge number', `i1:0:${Buffer.of(...Array<number>(9).fill(0xff), 1).toString('base64url')}`],
  ])('tells nothing: %s', (_what, text) => {
    expect(decodeOffsetMap(0, text)).toBeUndefined();
  });

  test('whatever it is, reading it ends without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bases, (bytes, base) => {
        const map = decodeOffsetMap(base, `i1:${base}:${Buffer.from(bytes).toString('base64url')}`);
        if (map !== undefined) expect(map.upTo).toBeGreaterThanOrEqual(base);
      }),
    );
  });
});
