/**
 * npm run faults -- [--scenario name[,name]] [--seconds n] [--rate n] [--seed n] [--json] [--keep] [--list]
 * Runs the whole system as separate processes against real servers, injects faults while a known load runs, and holds
 * what the producer had acknowledged, what the receivers got and what MongoDB says against the invariants. Prints a table;
 * with --json the last line is one JSON object. Exit code 0 only if every scenario holds; the logs of one that doesn't
 * are kept in .data/faults/ as soon as it doesn't, those of all with --keep. A scenario that can't be played doesn't hold,
 * and the others go on. SIGTERM and SIGINT end the running scenario at once and begin no other; what it told is kept.
 */
import { join } from 'node:path';
import { temporaryDataFolder } from '../../deploy/local/data-folder.js';
import { addressesOf, startStack } from '../../deploy/local/stack.js';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { readFaultArguments } from './fault-arguments.js';
import { keepLogs } from './keep-logs.js';
import { runScenario, unplayedResult, type Run, type ScenarioResult } from './run-scenario.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/catalogue.js';
import { openCluster } from './servers/open-cluster.js';
import { table } from './table.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const options = readFaultArguments(
  process.argv.slice(2),
  SCENARIOS.map(({ name }) => name),
);

const interruption = new AbortController();

async function run(): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)));
  const dataFolder = temporaryDataFolder(join(projectRoot(), '.data'));
  const stack = await startStack({
    dataFolder,
    temporary: true,
    productionKafka: true,
    report: say,
    signal: interruption.signal,
  });
  Object.assign(process.env, addressesOf(stack));
  try {
    for (const scenario of SCENARIOS) {
      if (options.scenarios.length > 0 && !options.scenarios.includes(scenario.name)) continue;
      if (interruption.signal.aborted) break;
      say(`${scenario.name}: ${scenario.about}`);
      const result = await resultOf(scenario);
      results.push(result);
      say(table([result]));
    }
  } finally {
    await stack.stop();
  }
  return results;
}

/** Whatever goes wrong with a scenario is a result, too. */
async function resultOf(scenario: Scenario): Promise<ScenarioResult> {
  try {
    const outcome = await runOnItsServers(scenario);
    if (options.keep || outcome.result.violations.length > 0) keep(outcome);
    return outcome.result;
  } catch (error) {
    return unplayedResult(scenario, options.seed, error);
  }
}

function keep(outcome: Run): void {
  say(`kept in ${keepLogs(join(projectRoot(), '.data', 'faults'), outcome)}`);
}

async function runOnItsServers(scenario: Scenario): Promise<Run> {
  const { seed, seconds, rate } = options;
  const cluster = await openCluster(scenario.servers, say);
  try {
    return await runScenario(scenario, {
      seed,
      seconds,
      rate,
      cluster,
      report: say,
      keep,
      signal: interruption.signal,
    });
  } finally {
    await cluster?.stop().catch((error: unknown) => say(`its servers could not be stopped: ${String(error)}`));
  }
}

if (options.list) {
  for (const { name, about, covers } of SCENARIOS) process.stdout.write(`${name} [${covers.join(', ')}]: ${about}\n`);
} else {
  const results = await run();
  process.stdout.write(`${table(results)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ seed: options.seed, scenarios: results })}\n`);
  const { aborted } = interruption.signal;
  process.exitCode = !aborted && results.every(({ violations }) => violations.length === 0) ? 0 : 1;
  // A scenario that was interrupted may still wait for something. Nobody waits for it.
  if (aborted) process.exit();
}
