import { percentile } from '../../deploy/local/demo/percentile.js';
import { pause } from '../support/waiting.js';
import { createRandom } from '../../deploy/local/simulator/random.js';
import { quartersOf, SEEN_FROM_S } from './check/find-growth.js';
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
  /** Told of each chapter of a long run. */
  readonly report?: (line: string) => void;
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
  const { cluster } = options;
  const startedAt = performance.now();
  const estate = scenario.estate ?? ((): Estate => ({ webhooks: usualEstate() }));
  const rig = await openRig({ env: { ...cluster?.env, ...scenario.env }, estate, cluster });
  try {
    await rig.fleet.add(scenario.fleet ?? USUAL_FLEET);
    const total = options.seconds ?? scenario.seconds;
    const chapterSeconds = scenario.chapterSeconds ?? total;
    const chapters = Math.ceil(total / chapterSeconds);
    const told: ChapterResult[] = [];
    let evidence: Evidence | undefined;
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
    if (evidence === undefined) throw new Error('a run lasts at least a second');
    const { history, logs } = evidence;
    return { result: sumOf(scenario, options.seed, told, rig, startedAt), history, logs };
  } finally {
    await rig.close();
  }
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
  { seed, seconds, rate, chapter, chapters }: ChapterOptions,
): Promise<ChapterResult & { readonly history: History }> {
  const load = await startLoad(rig.system.config, {
    seed: seed + chapter,
    seconds,
    rate: rate ?? scenario.rate,
    companies: [...new Set(rig.subscribers.map(({ companyId }) => companyId))],
  });
  const random = createRandom(seed + 1 + chapter);
  const during = { random, ms: seconds * 1_000, chapter, chapters, loadEnded: () => load.ended };
  await Promise.all([load.done, scenario.inject(rig, during)]);
  const rules = rulesOf(rig, scenario);
  await settle(rig, load.produced, { timeoutMs: scenario.settleMs ?? SETTLE_MS, sick: rules.sick });
  await rig.fleet.ready(30_000).catch(() => undefined);
  const witnessed = await asked(() => collectHistory(rig, load.produced));
  const history = scenario.expires === true ? withoutExpired(witnessed) : witnessed;
  const verdict = judge(history, rules);
  const own = scenario.examine?.(history, rig) ?? { violations: [], notes: [] };
  return {
    ...verdict,
    violations: [...verdict.violations, ...own.violations],
    faults: history.faults.length,
    latency: latencyOf(history),
    notes: own.notes,
    history,
  };
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

function lineOf(chapter: number, { events, lost, doubled, faults, latency, violations }: ChapterResult): string {
  const broken = violations.map(({ invariant, what }) => `${invariant} ${what}`).join('; ');
  return `chapter ${chapter + 1}: ${events} events, ${faults} faults, lost ${lost}, doubled ${doubled}, p50 ${latency.p50} ms, p99 ${latency.p99} ms ${broken}`;
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
    sick: new Set((stays ?? []).map((path) => webhookIds.get(path) ?? path)),
    ...rules,
  };
}

function sumOf(
  { name }: Scenario,
  seed: number,
  chapters: readonly ChapterResult[],
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
    violations: chapters.flatMap(({ violations }) => violations),
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
