import { describe, expect, test } from '@jest/globals';
import { pauseAfter, sleep } from '../../../../services/shared/platform/process/backoff.js';

const POLICY = { firstMs: 100, factor: 2, maxMs: 1_000, jitter: 0.5 };

describe('the pause grows with every failed try up to its bound, and chance shortens it by at most the jitter', () => {
  test.each([
    [1, 0, 100],
    [2, 0, 200],
    [4, 0, 800],
    [5, 0, 1_000],
    [10_000, 0, 1_000],
    [1, 0.999_999, 50],
    [5, 0.5, 750],
  ])('after try %d with chance %d: %d ms', (tryNumber, random, pauseMs) => {
    expect(pauseAfter(tryNumber, POLICY, random)).toBe(pauseMs);
  });
});

describe('sleep', () => {
  test('ends after its time', async () => {
    const startedAt = performance.now();
    await sleep(20, new AbortController().signal);
    expect(performance.now() - startedAt).toBeGreaterThan(15);
  });

  test('ends at once with the reason of the abort, before or during it', async () => {
    const reason = new Error('enough');
    await expect(sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });
});
