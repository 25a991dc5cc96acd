import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { keepLogs } from './keep-logs.js';
import { runScenario } from './run-scenario.js';
import { SCENARIOS } from './scenarios/catalogue.js';

/**
 * Two of the scenarios with all tests, on the servers that all tests share; `npm run faults` runs them all, for longer.
 * What was seen of a scenario that doesn't hold is kept in .data/faults/.
 */
const SEED = 1;

test.each([
  ['kills', 10],
  ['sick-endpoints', 18],
])(
  '%s: nothing is lost, and every invariant holds',
  async (name, seconds) => {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const run = await runScenario(scenario, { seed: SEED, seconds });
    if (run.result.violations.length > 0) keepLogs(join(projectRoot(), '.data', 'faults'), run);
    expect(run.result.events).toBeGreaterThan(0);
    expect(run.result).toMatchObject({ lost: 0, violations: [] });
  },
  240_000,
);
