import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecentlyUsed } from '../../../services/shared/core/recently-used.js';

test('what was used last is kept, what was not is forgotten', () => {
  const values = new RecentlyUsed<number>(4);
  for (const key of ['a', 'b', 'c', 'd']) values.set(key, 1);
  expect(values.get('a')).toBe(1);
  for (const key of ['e', 'f']) values.set(key, 1);
  expect(['a', 'b', 'c', 'd', 'e', 'f'].filter((key) => values.peek(key) !== undefined)).toEqual(['a', 'e', 'f']);
});

test('to peek is no use', () => {
  const values = new RecentlyUsed<number>(2);
  values.set('a', 1);
  values.set('b', 2);
  expect(values.peek('a')).toBe(1);
  values.set('c', 3);
  expect(values.peek('a')).toBeUndefined();
});

test('a value that must stay does, for as long as it must', () => {
  const busy = new Set(['a']);
  const values = new RecentlyUsed<string>(2, (value) => busy.has(value));
  values.set('a', 'a');
  for (const key of ['b', 'c', 'd', 'e']) values.set(key, key);
  expect(values.get('a')).toBe('a');
  busy.clear();
  for (const key of ['f', 'g', 'h']) values.set(key, key);
  expect(values.peek('a')).toBeUndefined();
});

test('half of `max` different keys used since, a value is there; more than `max` are never kept', () => {
  const keys = fc.array(fc.integer({ min: 0, max: 30 }).map(String), { maxLength: 200 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 12 }), (used, max) => {
      const values = new RecentlyUsed<string>(max);
      used.forEach((key, index) => {
        if (values.get(key) === undefined) values.set(key, key);
        const lately = new Set<string>();
        for (const before of used.slice(0, index + 1).reverse()) {
          if (lately.add(before).size > Math.ceil(max / 2)) break;
          expect(values.peek(before)).toBe(before);
        }
        const kept = [...new Set(used)].filter((one) => values.peek(one) !== undefined);
        expect(kept.length).toBeLessThanOrEqual(Math.ceil(max / 2) * 2);
      });
    }),
  );
});
