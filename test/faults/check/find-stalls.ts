import type { History, Rules } from '../history.js';
import { expectedJobs } from './expected-jobs.js';
import { violations, type Violation } from './violation.js';

/**
 * I7: after every fault the system comes back without a human: what was produced before the fault's end has arrived at
 * its endpoint within the bound, every process runs, and no group has anything left to read. A supervisor that starts a
 * process again is no human.
 */
export interface Stalls {
  /** From the end of a fault to the first arrival of the last event that was produced before: the longest of all. */
  readonly recoveryMs: number;
  readonly violations: readonly Violation[];
}

export function findStalls(history: History, { recoverWithinMs }: Pick<Rules, 'recoverWithinMs'>): Stalls {
  const arrivals = arrivalsOf(history);
  const recoveries = history.faults.map(({ name, endedAt }) => ({ name, ms: recoveryOf(arrivals, endedAt) }));
  const late = recoveries.filter(({ ms }) => ms > recoverWithinMs).map(({ name, ms }) => `${name} after ${ms} ms`);
  const dead = history.processes.filter(({ running }) => !running).map(({ name }) => name);
  const behind = [...history.lag].filter(([, records]) => records > 0).map(([group, records]) => `${group} ${records}`);
  return {
    recoveryMs: Math.max(0, ...recoveries.map(({ ms }) => ms)),
    violations: [
      ...violations('I7', 'not recovered in time', late),
      ...violations('I7', 'a process that does not run at the end', dead),
      ...violations('I7', 'records that a group has not read at the end', behind),
    ],
  };
}

interface Arrival {
  readonly producedAt: number;
  readonly firstAt: number;
}

function arrivalsOf(history: History): Arrival[] {
  const firstAt = new Map<string, number>();
  for (const { jobId, arrivedAt } of history.posts)
    firstAt.set(jobId, Math.min(arrivedAt, firstAt.get(jobId) ?? Infinity));
  return expectedJobs(history).flatMap(({ jobId, event }) => {
    const at = firstAt.get(jobId);
    return at === undefined ? [] : [{ producedAt: event.at, firstAt: at }];
  });
}

function recoveryOf(arrivals: readonly Arrival[], endedAt: number): number {
  return arrivals.reduce(
    (longest, { producedAt, firstAt }) => (producedAt <= endedAt ? Math.max(longest, firstAt - endedAt) : longest),
    0,
  );
}
