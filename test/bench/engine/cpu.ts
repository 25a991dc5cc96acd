import { cpuMsOf } from '../shared/process-usage.js';

/**
 * The processes whose CPU is counted, by who they are; several of one kind are added up. None of a kind: it works, but not
 * where it can be watched, and its CPU is NaN, as is every sum with it.
 */
export type Watched = ReadonlyMap<string, readonly number[]>;

/** CPU in ms of each since it started. */
export type CpuTimes = ReadonlyMap<string, number>;

export async function cpuTimes(watched: Watched): Promise<CpuTimes> {
  const times = new Map<string, number>();
  for (const [name, pids] of watched) {
    const each = await Promise.all(pids.map(cpuMsOf));
    times.set(name, pids.length === 0 ? NaN : each.reduce((sum, ms) => sum + ms, 0));
  }
  return times;
}

/** CPU in µs of each per unit of work. */
export function cpuPerUnit(before: CpuTimes, after: CpuTimes, units: number): Map<string, number> {
  return new Map([...after].map(([name, ms]) => [name, ((ms - (before.get(name) ?? 0)) * 1_000) / units]));
}

/** That of some of them together; those that weren't started took nothing. */
export function sumOf(perUnit: ReadonlyMap<string, number>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (perUnit.get(name) ?? 0), 0);
}
