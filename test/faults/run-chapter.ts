import { monitorEventLoopDelay } from 'node:perf_hooks';
import { percentile } from '../../deploy/local/demo/percentile.js';
import { createRandom } from '../../deploy/local/simulator/random.js';
import { pause } from '../support/waiting.js';
import { withoutExpired } from './check/find-expired.js';
import { judge, type Verdict } from './check/judge.js';
import { violations, type Violation } from './check/violation.js';
import { collectHistory } from './collect-history.js';
import type { History, Rules } from './history.js';
import { startLoad } from './load.js';
import type { Rig } from './rig.js';
import type { During, Examination, Scenario } from './scenario.js';
import { giveBack } from './servers/cluster-control.js';
import { settle } from './settle.js';
import { reasonOf, unplayed } from './unplayed.js';

/** What a chapter told; a run that isn't long has one. */
export interface ChapterResult extends Verdict {
  readonly faults: number;
  /** Of first attempts, ms from the moment that the event was taken to be sent. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** The longest that load and receivers, which share a process, did nothing, ms: an endpoint is late by as much. */
  readonly standstillMs: number;
  readonly notes: readonly string[];
}

export interface ChapterOptions {
  readonly seed: number;
  readonly rate?: number | undefined;
  readonly report?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly seconds: number;
  readonly chapter: number;
  readonly chapters: number;
}

const SETTLE_MS = 60_000;

/** From its load to its verdict. Throws where the witnesses can't be asked. */
export async function runChapter(
  rig: Rig,
  scenario: Scenario,
  { seed, seconds, rate, chapter, chapters, report, signal }: ChapterOptions,
): Promise<ChapterResult & { readonly history: History }> {
  const standstill = monitorEventLoopDelay({ resolution: 20 });
  standstill.enable();
  const load = await startLoad(rig.system.config, {
    seed: seed + chapter,
    seconds,
    rate: rate ?? scenario.rate,
    companies: [...new Set(rig.subscribers.map(({ companyId }) => companyId))],
    signal,
  });
  const random = createRandom(seed + 1 + chapter);
  const during = { random, ms: seconds * 1_000, chapter, chapters, loadEnded: () => load.ended };
  const [, unplayable] = await Promise.all([load.done, inject(scenario, rig, during)]);
  // The witnesses may be out of reach now, which would be all that is told in the end.
  for (const { what } of unplayable) report?.(what);
  const rules = rulesOf(rig, scenario);
  await settle(rig, load.produced, { timeoutMs: scenario.settleMs ?? SETTLE_MS, sick: rules.sick });
  standstill.disable();
  const unready = await rig.fleet.ready(READY_WITHIN_MS).then(() => [], reasonOf);
  const witnessed = await asked(() => collectHistory(rig, load.produced));
  const history = scenario.expired === undefined ? witnessed : withoutExpired(witnessed, scenario.expired(rig));
  const verdict = judge(history, rules);
  const own = examine(scenario, history, rig);
  return {
    ...verdict,
    violations: [
      ...unplayable,
      ...verdict.violations,
      ...violations('I7', 'a process that is not ready at the end', [unready].flat()),
      ...own.violations,
    ],
    faults: history.faults.length,
    latency: latencyOf(history),
    standstillMs: Math.round(standstill.max / 1e6),
    notes: own.notes,
    history,
  };
}

const READY_WITHIN_MS = 30_000;

/** A scenario that can't be played to its end is judged all the same: what it did until then has to be borne. */
async function inject(scenario: Scenario, rig: Rig, during: During): Promise<Violation[]> {
  try {
    await scenario.inject(rig, during);
    return [];
  } catch (error) {
    // Where that fails, too, the witnesses can't be asked, and tell so.
    if (rig.cluster !== undefined) await giveBack(rig.cluster).catch(() => undefined);
    return [unplayed(error)];
  }
}

/** A scenario that was not played to its end may have nothing to examine. */
function examine(scenario: Scenario, history: History, rig: Rig): Examination {
  try {
    return scenario.examine?.(history, rig) ?? { violations: [], notes: [] };
  } catch (error) {
    return { violations: [unplayed(error)], notes: [] };
  }
}

const TRIES = 5;

/** Witnesses that are asked right after a fault, by a process that was busy judging, may need to be asked again. */
export async function asked<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES) throw error;
      await pause(2_000);
    }
  }
}

function latencyOf({ produced, posts }: History): ChapterResult['latency'] {
  const producedAt = new Map(produced.map(({ eventId, at }) => [eventId, at]));
  const latencies = posts
    .filter(({ attempt }) => attempt === 1)
    .map(({ eventId, arrivedAt }) => arrivedAt - (producedAt.get(eventId) ?? arrivedAt));
  return { p50: percentile(latencies, 0.5) ?? 0, p99: percentile(latencies, 0.99) ?? 0 };
}

function rulesOf({ groups, webhookIds, givingUp }: Rig, scenario: Scenario): Rules {
  const { rules, stays, servers } = scenario;
  return {
    attempts: 3,
    retryDelayMs: 3_000,
    recoverWithinMs: 60_000,
    rssLimitMb: 512,
    ordered: true,
    groups,
    answersLost: servers === 'brokers',
    sick: new Set((stays ?? []).map((path) => webhookIds.get(path) ?? path)),
    givingUp,
    ...rules,
  };
}
