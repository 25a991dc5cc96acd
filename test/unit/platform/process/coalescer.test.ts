import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Coalescer } from '../../../../services/shared/platform/process/coalescer.js';

/** A server whose writes end when the test says so. */
class Server {
  readonly batches: (readonly number[])[] = [];
  readonly underWay: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  readonly write = (items: readonly number[]): Promise<void> => {
    this.batches.push(items);
    return new Promise((resolve, reject) => this.underWay.push({ resolve, reject }));
  };
}

/** What became of each item that was added. */
class Results {
  readonly of = new Map<number, unknown>();

  watch(item: number, added: Promise<void>): void {
    added.then(
      () => this.of.set(item, 'acknowledged'),
      (error: unknown) => this.of.set(item, error),
    );
  }
}

const tick = (ms = 0): Promise<void> => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a batch', () => {
  test('begins when it is full, without delay', () => {
    const server = new Server();
    const coalescer = new Coalescer(server.write, { maxItems: 3, maxDelayMs: 1_000 });
    for (const item of [1, 2, 3]) void coalescer.add(item);
    expect(server.batches).toEqual([[1, 2, 3]]);
  });

  test('begins when its first item has waited for the longest delay', async () => {
    const server = new Server();
    const coalescer = new Coalescer(server.write, { maxItems: 3, maxDelayMs: 10 });
    void coalescer.add(1);
    await tick(6);
    void coalescer.add(2);
    await tick(3);
    expect(server.batches).toEqual([]);
    await tick(1);
    expect(server.batches).toEqual([[1, 2]]);
  });

  test('is followed at once by what came while it was under way, in its own bounds', async () => {
    const server = new Server();
    const coalescer = new Coalescer(server.write, { maxItems: 2, maxDelayMs: 10 });
    for (const item of [1, 2, 3, 4, 5]) void coalescer.add(item);
    await tick(1_000);
    expect(server.batches).toEqual([[1, 2]]);
    for (let ended = 0; ended < 3; ended += 1) {
      server.underWay[ended]?.resolve();
      await tick();
    }
    expect(server.batches).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('that fails rejects its own items with its error, and no others', async () => {
    const server = new Server();
    const results = new Results();
    const coalescer = new Coalescer(server.write, { maxItems: 2, maxDelayMs: 10 });
    for (const item of [1, 2, 3, 4]) results.watch(item, coalescer.add(item));
    const away = new Error('away');
    server.underWay[0]?.reject(away);
    await tick();
    server.underWay[1]?.resolve();
    await tick();
    expect([...results.of]).toEqual([
      [1, away],
      [2, away],
      [3, 'acknowledged'],
      [4, 'acknowledged'],
    ]);
  });

  test('whose write throws before it promises anything is a failed batch like any other', async () => {
    const bug = new Error('bug');
    const results = new Results();
    const coalescer = new Coalescer<number>(
      () => {
        throw bug;
      },
      { maxItems: 1, maxDelayMs: 10 },
    );
    for (const item of [1, 2]) results.watch(item, coalescer.add(item));
    await tick();
    expect([...results.of.values()]).toEqual([bug, bug]);
  });

  test('an item that is added by who was just acknowledged is written, too', async () => {
    const server = new Server();
    const coalescer = new Coalescer(server.write, { maxItems: 1, maxDelayMs: 10 });
    const again = coalescer.add(1).then(() => coalescer.add(2));
    server.underWay[0]?.resolve();
    await tick();
    server.underWay[1]?.resolve();
    await expect(again).resolves.toBeUndefined();
  });
});

type Step =
  | { readonly kind: 'add' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'end'; readonly well: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), well: fc.boolean() }) },
);

test('under any interleaving: one at a time, in order, each item once, none waits too long, failures stay in their batch', async () => {
  const options = fc.record({ maxItems: fc.integer({ min: 1, max: 5 }), maxDelayMs: fc.integer({ min: 1, max: 10 }) });
  const property = fc.asyncProperty(options, fc.array(step, { maxLength: 60 }), async (bounds, steps) => {
    const server = new Server();
    const results = new Results();
    const coalescer = new Coalescer(server.write, bounds);
    const fates: unknown[] = [];
    const addedAt: number[] = [];
    let lastEndedAt = -Infinity;
    const end = async (well: boolean): Promise<void> => {
      const current = server.underWay[fates.length];
      if (current === undefined) return;
      const fate = well ? 'acknowledged' : new Error(`batch ${fates.length}`);
      fates.push(fate);
      if (well) current.resolve();
      else current.reject(fate);
      await tick();
      lastEndedAt = Date.now();
    };
    const check = (): void => {
      expect(server.batches.length - fates.length).toBeLessThanOrEqual(1);
      if (server.batches.length > fates.length) return;
      // Nothing is under way: whoever waits has come lately.
      const oldest = addedAt[server.batches.flat().length];
      const since = Math.max(oldest ?? Infinity, lastEndedAt);
      if (oldest !== undefined) expect(Date.now() - since).toBeLessThan(bounds.maxDelayMs);
    };
    for (const current of steps) {
      if (current.kind === 'add') {
        results.watch(addedAt.length, coalescer.add(addedAt.length));
        addedAt.push(Date.now());
      } else if (current.kind === 'wait') {
        await tick(current.ms);
      } else {
        await end(current.well);
      }
      check();
    }
    await tick(bounds.maxDelayMs);
    while (server.batches.length > fates.length) await end(true);
    expect(server.batches.flat()).toEqual(addedAt.map((_at, item) => item));
    expect(server.batches.every(({ length }) => length >= 1 && length <= bounds.maxItems)).toBe(true);
    expect([...results.of.keys()].sort((a, b) => a - b)).toEqual(addedAt.map((_at, item) => item));
    for (const [batch, items] of server.batches.entries())
      for (const item of items) expect(results.of.get(item)).toBe(fates[batch]);
  });
  await fc.assert(property, { numRuns: 300 });
});
