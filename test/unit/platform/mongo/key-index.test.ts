import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KeyIndex } from '../../../../services/shared/platform/mongo/key-index.js';

/** Two texts of one hash (FNV-1a, 32 bits), found by search. */
const COLLIDING = ['costarring', 'liquid'] as const;

test('ids that share a hash are not lost with one another', () => {
  const index = new KeyIndex();
  const [one, other] = COLLIDING;
  index.add(one, 'a');
  expect(index.keysOf(other)).toEqual(['a']);
  index.add(other, 'b');
  expect(index.keysOf(one)).toEqual(['a', 'b']);
  index.remove(one, 'a');
  expect(index.keysOf(other)).toEqual(['b']);
  index.remove(other, 'b');
  expect(index.keysOf(other)).toEqual([]);
});

test('whatever is added and removed, all keys that hold an id are named', () => {
  const step = fc.record({
    isAdded: fc.boolean(),
    id: fc.constantFrom('wh_1', 'wh_2', ...COLLIDING),
    key: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const index = new KeyIndex();
      const held: { readonly id: string; readonly key: string }[] = [];
      for (const { isAdded, id, key } of steps) {
        const at = held.findIndex((one) => one.id === id && one.key === key);
        if (isAdded) {
          index.add(id, key);
          held.push({ id, key });
        } else if (at >= 0) {
          index.remove(id, key);
          held.splice(at, 1);
        }
      }
      for (const { id, key } of held) expect(index.keysOf(id)).toContain(key);
      if (held.length === 0) expect(index.keysOf('wh_1')).toEqual([]);
    }),
  );
});
