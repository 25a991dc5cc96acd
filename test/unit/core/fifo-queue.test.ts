import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FifoQueue } from '../../../services/shared/core/fifo-queue.js';

type Step = 'push' | 'shift' | 'peek';

/** Whether a queue answers like an array over these steps, and agrees with it in the end. */
function behavesLikeAnArray(steps: readonly Step[]): void {
  const queue = new FifoQueue<number>();
  const array: number[] = [];
  for (const [number, step] of steps.entries()) {
    if (step === 'push') {
      queue.push(number);
      array.push(number);
    } else if (step === 'shift') {
      expect(queue.shift()).toBe(array.shift());
    } else {
      expect(queue.peek()).toBe(array[0]);
    }
    expect(queue.length).toBe(array.length);
  }
  expect([...queue]).toEqual(array);
  while (array.length > 0) expect(queue.shift()).toBe(array.shift());
  expect([queue.shift(), queue.peek(), queue.length]).toEqual([undefined, undefined, 0]);
}

const step = (weights: Readonly<Record<Step, number>>): fc.Arbitrary<Step> =>
  fc.oneof(...Object.entries(weights).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Step) })));

test.each([
  ['growing', { push: 8, shift: 1, peek: 1 }],
  ['level', { push: 4, shift: 4, peek: 1 }],
  ['shrinking', { push: 2, shift: 5, peek: 1 }],
] as const)('a queue that is %s answers like an array', (_trend, weights) => {
  fc.assert(fc.property(fc.array(step(weights), { maxLength: 300 }), behavesLikeAnArray));
});

test('it grows and shrinks through several sizes of its ring, from any place of its head', () => {
  fc.assert(
    fc.property(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 200 }), (turns, size) => {
      const turning = Array.from({ length: turns }, () => ['push', 'shift'] as const).flat();
      const filling = Array.from({ length: size }, (): Step => 'push');
      behavesLikeAnArray([...turning, ...filling, ...filling.map((): Step => 'shift'), ...filling]);
    }),
  );
});

test('undefined is a value like any other', () => {
  const queue = new FifoQueue<number | undefined>();
  queue.push(undefined);
  queue.push(1);
  expect([queue.length, queue.shift(), queue.length, queue.shift()]).toEqual([2, undefined, 1, 1]);
});

test('a shift costs the same however long the queue is', () => {
  const queue = new FifoQueue<number>();
  for (let n = 0; n < 1_000_000; n += 1) queue.push(n);
  const startedAt = performance.now();
  while (queue.length > 0) queue.shift();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
