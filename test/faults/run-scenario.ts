import { createRandom } from '../../deploy/local/simulator/random.js';
import { judge, type Verdict } from './check/judge.js';
import { collectHistory } from './collect-history.js';
import { usualEstate, type Estate } from './estate.js';
import { USUAL_FLEET } from './fleet.js';
import type { History, Produced, Rules } from './history.js';
import { startLoad } from './load.js';
import { openRig, type Rig } from './rig.js';
import type { Scenario } from './scenario.js';
import { settle } from './settle.js';
import type { ClusterControl } from './servers/cluster-control.js';

export interface RunOptions {
  readonly seed: number;
  /** Instead of the scenario's own. */
  readonly seconds?: number | undefined;
  readonly rate?: number | undefined;
  readonly cluster?: ClusterControl | undefined;
}

export interface ScenarioResult extends Verdict {
  readonly scenario: string;
  readonly seed: number;
  readonly faults: number;
  readonly seconds: number;
  readonly peakRssMb: number;
  readonly selfEnded: number;
  /** Figures of the scenario's own. */
  readonly notes: readonly string[];
}

/** A run's result, and what it was judged by. */
export interface Run {
  readonly result: ScenarioResult;
  readonly history: History;
  readonly logs: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

const SETTLE_MS = 60_000;

/** Runs a scenario from the start of its processes to the verdict. Throws only when it could not be run at all. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Run> {
  const { cluster, seed } = options;
  const startedAt = performance.now();
  const estate = scenario.estate ?? ((): Estate => ({ webhooks: usualEstate() }));
  const rig = await openRig({ env: { ...cluster?.env, ...scenario.env }, estate, cluster });
  try {
    await rig.fleet.add(scenario.fleet ?? USUAL_FLEET);
    const seconds = options.seconds ?? scenario.seconds;
    const load = await startLoad(rig.system.config, {
      seed,
      seconds,
      rate: options.rate ?? scenario.rate,
      companies: [...new Set(rig.subscribers.map(({ companyId }) => companyId))],
    });
    const during = { random: createRandom(seed + 1), ms: seconds * 1_000, loadEnded: () => load.ended };
    await Promise.all([load.done, scenario.inject(rig, during)]);
    const rules = rulesOf(rig, scenario);
    await settle(rig, load.produced, { timeoutMs: scenario.settleMs ?? SETTLE_MS, sick: rules.sick });
    await rig.fleet.ready(30_000).catch(() => undefined);
    const witnessed = await collectHistory(rig, load.produced);
    const history = scenario.expires === true ? withoutExpired(witnessed) : witnessed;
    const verdict = judge(history, rules);
    const own = scenario.examine?.(history, rig) ?? { violations: [], notes: [] };
    const violations = [...verdict.violations, ...own.violations];
    const result = resultOf(scenario, seed, history, { ...verdict, violations }, startedAt);
    return { result: { ...result, notes: own.notes }, history, logs: logsOf(rig) };
  } finally {
    await rig.close();
  }
}

/** What was deleted before it was read is no debt; how much it is, the scenario tells. */
function withoutExpired(history: History): History {
  const posted = new Set(history.posts.map(({ eventId }) => eventId));
  const isLeft = ({ eventId }: Produced): boolean => history.stored.has(eventId) || posted.has(eventId);
  const produced = history.produced.filter(isLeft);
  const stored = new Map(history.stored);
  for (const { eventId } of produced) stored.set(eventId, stored.get(eventId) ?? 1);
  return { ...history, produced, stored };
}

function rulesOf({ groups: { delivery, overflow }, webhookIds }: Rig, { rules, stays }: Scenario): Rules {
  return {
    attempts: 3,
    retryDelayMs: 3_000,
    recoverWithinMs: 60_000,
    rssLimitMb: 512,
    ordered: true,
    dispatch: { topic: delivery.topic, group: delivery.id, overflow: overflow.topic },
    holds: false,
    sick: new Set((stays ?? []).map((path) => webhookIds.get(path) ?? path)),
    ...rules,
  };
}

function resultOf(
  { name }: Scenario,
  seed: number,
  { faults, processes }: History,
  verdict: Verdict,
  startedAt: number,
): Omit<ScenarioResult, 'notes'> {
  return {
    scenario: name,
    seed,
    faults: faults.length,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
    peakRssMb: Math.round(Math.max(0, ...processes.map(({ peakRssMb }) => peakRssMb))),
    selfEnded: processes.reduce((sum, { selfEnded }) => sum + selfEnded, 0),
    ...verdict,
  };
}

function logsOf({ fleet }: Rig): Run['logs'] {
  return fleet.generations.map(({ as, process }, index) => ({ name: `${index}-${as}`, lines: process.raw }));
}
