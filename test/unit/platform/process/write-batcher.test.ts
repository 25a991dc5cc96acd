import { describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import {
  WriteBatcher,
  type Settled,
  type WriteBatcherOptions,
} from '../../../../services/shared/platform/process/write-batcher.js';

type Write = WriteBatcherOptions<number, string>['write'];

const done = (items: readonly number[]): Settled<string>[] =>
  items.map((item) => ({ kind: 'done', result: `wrote ${item}` }));

function batcher(write: Write, options: Partial<WriteBatcherOptions<number, string>> = {}) {
  return new WriteBatcher<number, string>({
    write,
    maxDelayMs: 5,
    maxItems: 10,
    maxBytes: 1_000,
    bytesOf: () => 1,
    maxUnderWay: 1,
    ...options,
  });
}

describe('writes that come together', () => {
  test('are one batch, and each gets its own result', async () => {
    const batches: (readonly number[])[] = [];
    const writes = batcher((items) => {
      batches.push(items);
      return Promise.resolve(done(items));
    });
    expect(await Promise.all([1, 2, 3].map((item) => writes.add(item)))).toEqual(['wrote 1', 'wrote 2', 'wrote 3']);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  test('of which one fills a batch alone: what came after it isn’t left behind', async () => {
    const writes = batcher((items) => pause(20).then(() => done(items)), { maxBytes: 100, bytesOf: (item) => item });
    const first = writes.add(1);
    await pause(10);
    const [large, small] = [writes.add(100), writes.add(2)];
    expect(await Promise.all([first, large, small])).toEqual(['wrote 1', 'wrote 100', 'wrote 2']);
  });

  test('of which one is refused: the others are written', async () => {
    const refusal = new Error('refused');
    const writes = batcher((items) =>
      Promise.resolve(
        items.map((item) =>
          item === 2 ? { kind: 'failed', error: refusal } : { kind: 'done', result: `wrote ${item}` },
        ),
      ),
    );
    const results = await Promise.allSettled([1, 2, 3].map((item) => writes.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: refusal });
  });

  test('fail together when the batch fails, and the next batch is tried', async () => {
    let fails = true;
    const writes = batcher((items) => (fails ? Promise.reject(new Error('away')) : Promise.resolve(done(items))));
    const first = await Promise.allSettled([writes.add(1), writes.add(2)]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await writes.add(3)).toBe('wrote 3');
  });
});

describe('at once when idle', () => {
  test('what comes in one turn of the event loop is one batch, and waits for no timer', async () => {
    const batches: (readonly number[])[] = [];
    const writes = batcher(
      (items) => {
        batches.push(items);
        return Promise.resolve(done(items));
      },
      { atOnceWhenIdle: true, maxDelayMs: 600_000 },
    );
    await Promise.all([1, 2].map((item) => writes.add(item)));
    await writes.add(3);
    expect(batches).toEqual([[1, 2], [3]]);
    await writes.close();
  });

  test('what comes while a batch is under way follows it as one, whether there is room for more or not', async () => {
    const batches: (readonly number[])[] = [];
    let answer = () => {};
    const writes = batcher(
      async (items) => {
        batches.push(items);
        await new Promise<void>((resolve) => (answer = resolve));
        return done(items);
      },
      { atOnceWhenIdle: true, maxDelayMs: 600_000, maxUnderWay: 3 },
    );
    const first = writes.add(1);
    await pause(5);
    const others = [2, 3].map((item) => writes.add(item));
    await pause(5);
    expect(batches).toEqual([[1]]);
    answer();
    await first;
    await pause(5);
    expect(batches).toEqual([[1], [2, 3]]);
    answer();
    await Promise.all(others);
    await writes.close();
  });

  test('a batch that isn’t answered holds the others up for the delay only', async () => {
    const writes = batcher(
      (items) => (items.includes(1) ? new Promise(() => undefined) : Promise.resolve(done(items))),
      { atOnceWhenIdle: true, maxDelayMs: 20, maxUnderWay: 2 },
    );
    void writes.add(1);
    await pause(5);
    expect(await writes.add(2)).toBe('wrote 2');
  });
});

describe('the bounds', () => {
  test('hold for every sequence of sizes and arrivals, and nothing is lost, doubled or reordered', async () => {
    const arrivals = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 40 }), wait: fc.boolean() }), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (items, maxUnderWay, atOnceWhenIdle) => {
          const sizeOf = (index: number) => items[index]?.bytes ?? 0;
          const written: number[] = [];
          let underWay = 0;
          const writes = batcher(
            async (batch) => {
              underWay += 1;
              expect(underWay).toBeLessThanOrEqual(maxUnderWay);
              expect(batch.length).toBeLessThanOrEqual(7);
              const bytes = batch.reduce((sum, index) => sum + sizeOf(index), 0);
              if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(50);
              written.push(...batch);
              await pause(0);
              underWay -= 1;
              return done(batch);
            },
            { maxItems: 7, maxBytes: 50, bytesOf: sizeOf, maxUnderWay, maxDelayMs: 1, atOnceWhenIdle },
          );
          const results: Promise<string>[] = [];
          for (const [index, { wait }] of items.entries()) {
            results.push(writes.add(index));
            if (wait) await pause(0);
          }
          expect(await Promise.all(results)).toEqual(items.map((_, index) => `wrote ${index}`));
          expect(written).toEqual(items.map((_, index) => index));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a slow server makes batches larger, not more numerous', async () => {
    let batches = 0;
    const writes = batcher(
      async (items) => {
        batches += 1;
        await pause(40);
        return done(items);
      },
      { maxItems: 1_000, maxDelayMs: 1 },
    );
    const results: Promise<string>[] = [];
    for (let item = 0; item < 40; item += 1) {
      results.push(writes.add(item));
      await pause(2);
    }
    await Promise.all(results);
    expect(batches).toBeLessThanOrEqual(6);
  });
});

test('close waits for what is queued and for what is under way', async () => {
  const written: number[] = [];
  const writes = batcher(
    async (items) => {
      await pause(10);
      written.push(...items);
      return done(items);
    },
    { maxItems: 2, maxDelayMs: 60_000 },
  );
  const results = [1, 2, 3].map((item) => writes.add(item));
  await writes.close();
  expect(written).toEqual([1, 2, 3]);
  await Promise.all(results);
});
