import { join } from 'node:path';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { keepLogs } from './keep-logs.js';
import { runScenario, type Run, type RunOptions, type ScenarioResult } from './run-scenario.js';
import { SCENARIOS } from './scenarios/catalogue.js';
import { openCluster } from './servers/open-cluster.js';

const SEED = 1;

/**
 * A scenario among the tests, on the servers that all tests share. What was seen of one that doesn't hold is kept in
 * .data/faults/.
 */
export async function runShort(
  name: string,
  seconds: number,
  options: Pick<RunOptions, 'rate'> = {},
): Promise<ScenarioResult> {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  const cluster = await openCluster(scenario.servers, () => undefined);
  try {
    const keep = (run: Run): void => void keepLogs(join(projectRoot(), '.data', 'faults'), run);
    const run = await runScenario(scenario, { ...options, seed: SEED, seconds, cluster, keep });
    if (run.result.violations.length > 0) keep(run);
    return run.result;
  } finally {
    await cluster?.stop();
  }
}
