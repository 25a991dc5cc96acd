import { expect, test } from '@jest/globals';
import { runShort } from './run-short.js';

/** Three minutes of what `npm run faults -- --scenario soak --seconds 7200 --rate 300` does for two hours. */
test('a steady load with random faults: nothing is lost, and every invariant holds', async () => {
  const result = await runShort('soak', 180, { rate: 30 });
  expect(result.faults).toBeGreaterThan(5);
  expect(result).toMatchObject({ events: 5_400, lost: 0, violations: [] });
}, 420_000);
