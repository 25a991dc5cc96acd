import { percentile } from '../../deploy/local/demo/percentile.js';
import { pause } from '../support/waiting.js';
import { createRandom } from '../../deploy/local/simulator/random.js';
import { withoutExpired } from './check/find-expired.js';
import { quartersOf, SEEN_FROM_S } from './check/find-growth.js';
import { judge, type Verdict } from './check/judge.js';
import { violations, type Violation } from './check/violation.js';
import { collectHistory } from './collect-history.js';
import { usualEstate, type Estate } from './estate.js';
import { USUAL_FLEET } from './fleet.js';
import type { History, Rules } from './history.js';
import { startLoad } from './load.js';
import { openRig, type Rig } from './rig.js';
import type { During, Examination, Scenario } from './scenario.js';
import { settle } from './settle.js';
import { giveBack, type ClusterControl } from './servers/cluster-control.js';
import { unlessAborted } from './unless-aborted.js';

export interface RunOptions {
  readonly seed: number;
  /** Instead of the scenario's own. */
  readonly seconds?: number | undefined;
  readonly rate?: number | undefined;
  readonly cluster?: ClusterControl | undefined;
  /** Told of each chapter of a long run. */
  readonly report?: (line: string) => void;
  /** Ends the run soon: everything is closed, and the signal's reason thrown. */
  readonly signal?: AbortSignal | undefined;
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
  /** Undefined where the witnesses were never asked. */
  readonly history: History | undefined;
  readonly logs: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

const SETTLE_MS = 60_000;

/** Runs a scenario from the start of its processes to the verdict. Throws only when it could not be run at all. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Run> {
  const { cluster, signal, report } = options;
  signal?.throwIfAborted();
  const estate = scenario.estate ?? ((): Estate => ({ webhooks: usualEstate() }));
  const rig = await openRig({ env: { ...cluster?.env, ...scenario.env }, estate, cluster });
  try {
    return await unlessAborted(signal, () => play(rig, scenario, options));
  } finally {
    // The verdict is there by now, and doesn't depend on it. Who is asked to end needs servers that answer.
    await closed(rig).catch((error: unknown) => report?.(`not everything could be closed: ${reasonOf(error)}`));
  }
}

async function closed(rig: Rig): Promise<void> {
  try {
    if (rig.cluster !== undefined) await giveBack(rig.cluster);
  } finally {
    await rig.close();
  }
}

/** What stands for a scenario of which nothing can be told but why. */
export function unplayedResult({ name }: Pick<Scenario, 'name'>, seed: number, error: unknown): ScenarioResult {
  return {
    ...{ scenario: name, seed, faults: 0, seconds: 0, peakRssMb: 0, selfEnded: 0 },
    ...{ events: 0, lost: 0, doubled: 0, bound: 0, recoveryMs: 0, notes: [] },
    violations: [unplayed(error)],
  };
}

function unplayed(error: unknown): Violation {
  return { invariant: 'I7', what: `the scenario could not be played: ${reasonOf(error)}` };
}

/** Its first line: errors of processes bring the ends of their logs along. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split('\n', 1)[0] ?? '';
}

/** Chapter after chapter. What ends the run before its time is told beside what was found until then. */
async function play(rig: Rig, scenario: Scenario, options: RunOptions): Promise<Run> {
  const startedAt = performance.now();
  const told: ChapterResult[] = [];
  const broken: Violation[] = [];
  let evidence: Evidence | undefined;
  try {
    await rig.fleet.add(scenario.fleet ?? USUAL_FLEET);
    const total = options.seconds ?? scenario.seconds;
    const chapterSeconds = scenario.chapterSeconds ?? total;
    const chapters = Math.ceil(total / chapterSeconds);
    for (let chapter = 0; chapter < chapters; chapter += 1) {
      if (chapter > 0) await asked(() => rig.forget());
      const seconds = Math.min(chapterSeconds, total - chapter * chapterSeconds);
      const { history, ...result } = await runChapter(rig, scenario, { ...options, seconds, chapter, chapters });
      told.push(result);
      if (chapters > 1) options.report?.(lineOf(chapter, result));
      // Of the first chapter that doesn't hold, or of the last.
      if (evidence === undefined || !evidence.broken)
        evidence = { history, logs: logsOf(rig), broken: result.violations.length > 0 };
    }
  } catch (error) {
    broken.push(unplayed(error));
    if (evidence?.broken !== true) evidence = { history: undefined, logs: logsOf(rig), broken: true };
  }
  const { history, logs } = evidence ?? { history: undefined, logs: logsOf(rig) };
  return { result: sumOf(scenario, options.seed, { told, broken }, rig, startedAt), history, logs };
}

interface Evidence extends Pick<Run, 'history' | 'logs'> {
  readonly broken: boolean;
}

interface ChapterResult extends Verdict {
  readonly faults: number;
  /** Of first attempts, ms from the moment that the event was taken to be sent. */
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly notes: readonly string[];
}

interface ChapterOptions extends RunOptions {
  readonly seconds: number;
  readonly chapter: number;
  readonly chapters: number;
}

async function runChapter(
  rig: Rig,
  scenario: Scenario,
  { seed, seconds, rate, chapter, chapters, report, signal }: ChapterOptions,
): Promise<ChapterResult & { readonly history: History }> {
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
async function asked<T>(ask: () => Promise<T>): Promise<T> {
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

function lineOf(chapter: number, { events, lost, doubled, faults, latency, ...found }: ChapterResult): string {
  const broken = found.violations.map(({ invariant, what }) => `${invariant} ${what}`).join('; ');
  return `chapter ${chapter + 1}: ${events} events, ${faults} faults, lost ${lost}, doubled ${doubled}, p50 ${latency.p50} ms, p99 ${latency.p99} ms ${broken}`;
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

function sumOf(
  { name }: Scenario,
  seed: number,
  { told: chapters, broken }: { readonly told: readonly ChapterResult[]; readonly broken: readonly Violation[] },
  { fleet }: Rig,
  startedAt: number,
): ScenarioResult {
  const sum = (of: (chapter: ChapterResult) => number): number =>
    chapters.reduce((total, chapter) => total + of(chapter), 0);
  const ends = fleet.ends();
  return {
    scenario: name,
    seed,
    faults: sum(({ faults }) => faults),
    seconds: Math.round((performance.now() - startedAt) / 1_000),
    peakRssMb: Math.round(Math.max(0, ...ends.map(({ peakRssMb }) => peakRssMb))),
    selfEnded: ends.reduce((total, { selfEnded }) => total + selfEnded, 0),
    events: sum(({ events }) => events),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    bound: sum(({ bound }) => bound),
    recoveryMs: Math.max(0, ...chapters.map(({ recoveryMs }) => recoveryMs)),
    violations: [...chapters.flatMap((chapter) => chapter.violations), ...broken],
    notes: [...chapters.flatMap(({ notes }) => notes), ...(chapters.length > 1 ? longRunNotes(chapters, fleet) : [])],
  };
}

/** How a long run went on: latency from chapter to chapter, memory of those who lived long enough for it. */
function longRunNotes(chapters: readonly ChapterResult[], fleet: Rig['fleet']): string[] {
  const oldest = fleet.lives().filter((life) => life.rssMb.length >= SEEN_FROM_S);
  return [
    `p50 by chapter, ms: ${chapters.map(({ latency }) => latency.p50).join(' ')}`,
    `p99 by chapter, ms: ${chapters.map(({ latency }) => latency.p99).join(' ')}`,
    ...oldest.map((life) => {
      const { early, late } = quartersOf(life);
      const minutes = Math.round(life.rssMb.length / 60);
      return `${life.name} lived ${minutes} min: ${Math.round(early)} MB in its second quarter, ${Math.round(late)} in its last`;
    }),
  ];
}

function logsOf({ fleet }: Rig): Run['logs'] {
  return fleet.generations.map(({ as, process }, index) => ({ name: `${index}-${as}`, lines: [...process.raw] }));
}
