import { quartersOf, SEEN_FROM_S } from './check/find-growth.js';
import type { Verdict } from './check/judge.js';
import { runCourse, type Course, type Evidence } from './course.js';
import { usualEstate, type Estate } from './estate.js';
import { USUAL_FLEET } from './fleet.js';
import { openRig, type Rig } from './rig.js';
import { asked, runChapter, type ChapterResult } from './run-chapter.js';
import type { Scenario } from './scenario.js';
import { giveBack, type ClusterControl } from './servers/cluster-control.js';
import { reasonOf, unplayed } from './unplayed.js';

export interface RunOptions {
  readonly seed: number;
  /** Instead of the scenario's own. */
  readonly seconds?: number | undefined;
  readonly rate?: number | undefined;
  readonly cluster?: ClusterControl | undefined;
  /** Told of each chapter of a long run. */
  readonly report?: (line: string) => void;
  /** Told as soon as a chapter doesn't hold, for who can't wait for the end of a long run, or doesn't live to see it. */
  readonly keep?: (run: Run) => void;
  /** Ends the run soon: everything is closed, and it doesn't hold. */
  readonly signal?: AbortSignal | undefined;
}

export interface ScenarioResult extends Verdict {
  readonly scenario: string;
  readonly seed: number;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly faults: number;
  readonly seconds: number;
  readonly peakRssMb: number;
  readonly selfEnded: number;
  /** Figures of the scenario's own. */
  readonly notes: readonly string[];
}

/** A run's result, and what it was judged by. */
export interface Run extends Evidence {
  readonly result: ScenarioResult;
}

/** Runs a scenario from the start of its processes to the verdict. Throws only when it could not be run at all. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Run> {
  const { cluster, signal, report, keep } = options;
  signal?.throwIfAborted();
  const estate = scenario.estate ?? ((): Estate => ({ webhooks: usualEstate() }));
  const rig = await openRig({ env: { ...cluster?.env, ...scenario.env }, estate, cluster });
  const startedAt = Date.now();
  const runOf = (course: Course): Run => ({
    result: sumOf(scenario, options.seed, course, rig, startedAt),
    ...(course.evidence ?? { history: undefined, logs: logsOf(rig) }),
  });
  try {
    const course = await runCourse(
      signal,
      (note) => play(rig, scenario, options, note),
      () => logsOf(rig),
      (broken) => keep?.(runOf(broken)),
    );
    return runOf(course);
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
    ...{ scenario: name, seed, startedAt: Date.now(), faults: 0, seconds: 0, peakRssMb: 0, selfEnded: 0 },
    ...{ events: 0, lost: 0, doubled: 0, bound: 0, recoveryMs: 0, notes: [] },
    violations: [unplayed(error)],
  };
}

/** Chapter after chapter. */
async function play(rig: Rig, scenario: Scenario, options: RunOptions, note: Course['note']): Promise<void> {
  await rig.fleet.add(scenario.fleet ?? USUAL_FLEET);
  const total = options.seconds ?? scenario.seconds;
  const chapterSeconds = scenario.chapterSeconds ?? total;
  const chapters = Math.ceil(total / chapterSeconds);
  for (let chapter = 0; chapter < chapters; chapter += 1) {
    if (chapter > 0) await asked(() => rig.forget());
    const seconds = Math.min(chapterSeconds, total - chapter * chapterSeconds);
    const { history, ...result } = await runChapter(rig, scenario, { ...options, seconds, chapter, chapters });
    note(result, { history, logs: logsOf(rig) });
    if (chapters > 1) options.report?.(lineOf(chapter, result));
  }
}

function lineOf(chapter: number, { events, lost, doubled, faults, latency, ...told }: ChapterResult): string {
  const counts = `${events} events, ${faults} faults, lost ${lost}, doubled ${doubled}`;
  const times = `p50 ${latency.p50} ms, p99 ${latency.p99} ms, standstill ${told.standstillMs} ms`;
  const broken = told.violations.map(({ invariant, what }) => `${invariant} ${what}`).join('; ');
  return `chapter ${chapter + 1}: ${counts}, ${times} ${broken}`;
}

function sumOf(
  { name }: Scenario,
  seed: number,
  { told: chapters, broken }: Course,
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
    startedAt,
    seconds: Math.round((Date.now() - startedAt) / 1_000),
    peakRssMb: Math.round(Math.max(0, ...ends.map(({ peakRssMb }) => peakRssMb))),
    selfEnded: ends.reduce((total, { selfEnded }) => total + selfEnded, 0),
    events: sum(({ events }) => events),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    bound: sum(({ bound }) => bound),
    recoveryMs: Math.max(0, ...chapters.map(({ recoveryMs }) => recoveryMs)),
    violations: [...chapters.flatMap((chapter) => chapter.violations), ...broken],
    notes: [
      ...chapters.flatMap(({ notes }) => notes),
      `load and receivers stood still for ${Math.max(0, ...chapters.map(({ standstillMs }) => standstillMs))} ms at most`,
      ...(chapters.length > 1 ? longRunNotes(chapters, fleet) : []),
    ],
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
