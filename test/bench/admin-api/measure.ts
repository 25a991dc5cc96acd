import { runInChild } from '../shared/child-task.js';
import type { ExportResult, ExportTask } from './export-process.js';
import type { Latencies, LoadResult, LoadTask } from './load-task.js';
import { cpuMsOf, watchRss } from '../shared/process-usage.js';
import type { ExportFigures, LoadFigures } from './report.js';
import type { Scenario } from './scenarios.js';

/** The processes whose CPU is counted. */
export interface Measured {
  readonly adminPid: number;
  /** Undefined where MongoDB is not on this machine. */
  readonly mongodbPid: number | undefined;
}

/** Runs a load and counts the CPU that each process spends while it is measured. */
export async function measureLoad(
  { name, p99BoundMs }: Omit<Scenario, 'clients'>,
  task: LoadTask,
  { adminPid, mongodbPid }: Measured,
): Promise<LoadFigures> {
  const counts: (readonly [number, number])[] = [];
  const count = async (): Promise<void> => {
    counts.push([await cpuMsOf(adminPid), mongodbPid === undefined ? 0 : await cpuMsOf(mongodbPid)]);
  };
  const result = await runInChild<LoadResult>(new URL('./load-process.js', import.meta.url), task, { onBreak: count });
  const [before = [0, 0], after = [0, 0]] = counts;
  const all = Object.values(result.labels);
  const requests = all.reduce((sum, { count }) => sum + count, 0);
  const { p50Ms, p99Ms } = worst(all);
  const perRequestUs = (ms: number) => (ms * 1_000) / requests;
  return {
    scenario: name,
    clients: task.clients.length,
    thinkMs: task.thinkMs,
    requestsPerSecond: (requests * 1_000) / result.durationMs,
    p50Ms,
    p99Ms,
    p99BoundMs,
    isMet: p99Ms < p99BoundMs,
    adminUs: perRequestUs(after[0] - before[0]),
    mongodbUs: perRequestUs(after[1] - before[1]),
    generatorUs: perRequestUs(result.cpuMs),
    adminLoad: (after[0] - before[0]) / result.durationMs,
    bytesPerAnswer: result.bytes / requests,
    labels: result.labels,
  };
}

/** That of the slowest kind of request. */
function worst(all: readonly Latencies[]): Latencies {
  const slowest = [...all].sort((a, b) => b.p99Ms - a.p99Ms)[0];
  if (slowest === undefined) throw new Error('nothing was answered within the measured time');
  return slowest;
}

const GROWTH_BOUND_MIB = 50;

/** Reads an export whole and watches the memory of the process that sends it. */
export async function measureExport(reader: string, task: ExportTask, adminPid: number): Promise<ExportFigures> {
  const { result, beforeMiB, peakMiB } = await watchRss(adminPid, () =>
    runInChild<ExportResult>(new URL('./export-process.js', import.meta.url), task),
  );
  const growthMiB = peakMiB - beforeMiB;
  return {
    reader,
    entries: result.lines,
    megabytes: result.bytes / 1e6,
    seconds: result.durationMs / 1_000,
    rssBeforeMiB: beforeMiB,
    rssPeakMiB: peakMiB,
    growthMiB,
    growthBoundMiB: GROWTH_BOUND_MIB,
    isMet: growthMiB < GROWTH_BOUND_MIB,
  };
}
