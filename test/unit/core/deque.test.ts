import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Deque } from '../../../services/shared/core/deque.js';

type Step = 'push' | 'unshift' | 'shift' | 'peek';

/** Whether a deque answers like an array over these steps, and agrees with it in the end. */
function behavesLikeAnArray(steps: readonly Step[]): void {
  const deque = new Deque<number>();
  const array: number[] = [];
  for (const [number, step] of steps.entries()) {
    if (step === 'push') {
      deque.push(number);
      array.push(number);
    } else if (step === 'unshift') {
      deque.unshift(number);
      array.unshift(number);
    } else if (step === 'shift') {
      expect(deque.shift()).toBe(array.shift());
    } else {
      expect(deque.peek()).toBe(array[0]);
    }
    expect(deque.length).toBe(array.length);
  }
  expect([...deque]).toEqual(array);
  while (array.length > 0) expect(deque.shift()).toBe(array.shift());
  expect([deque.shift(), deque.peek(), deque.length]).toEqual([undefined, undefined, 0]);
}

const step = (weights: Readonly<Record<Step, number>>): fc.Arbitrary<Step> =>
  fc.oneof(...Object.entries(weights).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Step) })));

test.each([
  ['growing', { push: 5, unshift: 3, shift: 1, peek: 1 }],
  ['level', { push: 2, unshift: 2, shift: 4, peek: 1 }],
  ['shrinking', { push: 1, unshift: 1, shift: 5, peek: 1 }],
] as const)('a deque that is %s answers like an array', (_trend, weights) => {
  fc.assert(fc.property(fc.array(step(weights), { maxLength: 300 }), behavesLikeAnArray));
});

test('it grows and shrinks through several sizes of its ring, from any place of its head', () => {
  fc.assert(
    fc.property(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 200 }), (turns, size) => {
      const turning = Array.from({ length: turns }, () => ['push', 'shift'] as const).flat();
      const filling = Array.from({ length: size }, (_, n): Step => (n % 3 === 0 ? 'unshift' : 'push'));
      behavesLikeAnArray([...turning, ...filling, ...filling.map((): Step => 'shift'), ...filling]);
    }),
  );
});

test('undefined is a value like any other', () => {
  const deque = new Deque<number | undefined>();
  deque.push(undefined);
  deque.push(1);
  expect([deque.length, deque.shift(), deque.length, deque.shift()]).toEqual([2, undefined, 1, 1]);
});

test('a shift costs the same however long the queue is', () => {
  const deque = new Deque<number>();
  for (let n = 0; n < 1_000_000; n += 1) deque.push(n);
  const startedAt = performance.now();
  while (deque.length > 0) deque.shift();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
