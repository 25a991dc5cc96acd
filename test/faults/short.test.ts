import { expect, test } from '@jest/globals';
import { runShort } from './run-short.js';

/** Two of the scenarios with all tests, for a few seconds each; `npm run faults` runs them all, for longer. */
test.each([
  ['kills', 15],
  ['sick-endpoints', 18],
])(
  '%s: nothing is lost, and every invariant holds',
  async (name, seconds) => {
    const result = await runShort(name, seconds);
    expect(result.events).toBeGreaterThan(0);
    expect(result.faults).toBeGreaterThan(0);
    expect(result).toMatchObject({ lost: 0, violations: [] });
  },
  240_000,
);
