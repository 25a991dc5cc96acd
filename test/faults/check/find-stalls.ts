import type { History, Rules } from '../history.js';
import { expectedJobs } from './expected-jobs.js';
import { violations, type Violation } from './violation.js';

/**
 * I7: after every fault the system comes back without a human: what was produced before the fault's end arrives at its
 * endpoint within the bound, unless another fault strikes first; every process runs, and no group has anything left to
 * read. A supervisor that starts a process again is no human.
 */
export interface Stalls {
  /** From the end of a fault to the last first arrival of an event that was produced before it: the longest of all. */
  readonly recoveryMs: number;
  readonly violations: readonly Violation[];
}

export function findStalls(history: History, { recoverWithinMs }: Pick<Rules, 'recoverWithinMs'>): Stalls {
  const recoveries = recoveriesOf(history);
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

/** Each arrival counts for the fault that ended last before it, if its event was there by then. */
function recoveriesOf(history: History): { readonly name: string; readonly ms: number }[] {
  const faults = history.faults.toSorted((one, other) => one.endedAt - other.endedAt);
  const longest = faults.map(() => 0);
  for (const { producedAt, firstAt } of arrivalsOf(history)) {
    const index = faults.findLastIndex(({ endedAt }) => endedAt <= firstAt);
    const endedAt = faults[index]?.endedAt ?? 0;
    if (producedAt <= endedAt) longest[index] = Math.max(longest[index] ?? 0, firstAt - endedAt);
  }
  return faults.map(({ name }, index) => ({ name, ms: longest[index] ?? 0 }));
}
