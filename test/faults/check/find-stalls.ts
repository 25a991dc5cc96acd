import type { Fault, History, Rules } from '../history.js';
import { expectedJobs, isWell } from './expected-jobs.js';
import { violations, type Violation } from './violation.js';

/**
 * I7: after every fault the system comes back without a human: what was produced before the fault's end arrives at its
 * endpoint within the bound, unless another fault strikes first; whatever strikes, an event takes no longer than the
 * bound and the time for which something was away meanwhile; every process runs, and no group has anything left to read.
 * A supervisor that starts a process again is no human.
 */
export interface Stalls {
  /**
   * From the end of a fault to the last first arrival of an event that was produced before it, and what an event took
   * beyond the time that faults lasted meanwhile, which tells more where faults are dense: the longest of all.
   */
  readonly recoveryMs: number;
  readonly violations: readonly Violation[];
}

type StallRules = Pick<Rules, 'recoverWithinMs' | 'sick' | 'givingUp'>;

export function findStalls(history: History, rules: StallRules): Stalls {
  const arrivals = arrivalsOf(history);
  const recoveries = recoveriesOf(history, arrivals);
  const late = recoveries
    .filter(({ ms }) => ms > rules.recoverWithinMs)
    .map(({ name, ms }) => `${name} after ${ms} ms`);
  const waits = waitsOf(history, arrivals);
  const ofWell = waits.filter(({ webhookId }) => history.faults.length > 0 && isWell(webhookId, rules));
  const dead = history.processes.filter(({ running, retired }) => !retired && !running).map(({ name }) => name);
  const behind = [...history.lag].filter(([, records]) => records > 0).map(([group, records]) => `${group} ${records}`);
  return {
    recoveryMs: Math.max(0, ...recoveries.map(({ ms }) => ms), longest(ofWell)),
    violations: [
      ...violations('I7', 'not recovered in time', late),
      ...violations('I7', 'an event that took too long', tookTooLong(history, arrivals, waits, rules)),
      ...violations('I7', 'a process that does not run at the end', dead),
      ...violations('I7', 'records that a group has not read at the end', behind),
    ],
  };
}

interface Arrival {
  readonly eventId: string;
  readonly jobId: string;
  readonly webhookId: string;
  readonly producedAt: number;
  readonly firstAt: number;
}

function arrivalsOf(history: History): Arrival[] {
  const firstAt = new Map<string, number>();
  for (const { jobId, arrivedAt } of history.posts)
    firstAt.set(jobId, Math.min(arrivedAt, firstAt.get(jobId) ?? Infinity));
  return expectedJobs(history).flatMap(({ jobId, webhookId, event: { eventId, at: producedAt } }) => {
    const at = firstAt.get(jobId);
    return at === undefined ? [] : [{ eventId, jobId, webhookId, producedAt, firstAt: at }];
  });
}

/** Each arrival counts for the fault that ended last before it, if its event was there by then. */
function recoveriesOf(
  history: History,
  arrivals: readonly Arrival[],
): { readonly name: string; readonly ms: number }[] {
  const faults = history.faults.toSorted((one, other) => one.endedAt - other.endedAt);
  const longest = faults.map(() => 0);
  for (const { producedAt, firstAt } of arrivals) {
    const index = faults.findLastIndex(({ endedAt }) => endedAt <= firstAt);
    const endedAt = faults[index]?.endedAt ?? 0;
    if (producedAt <= endedAt) longest[index] = Math.max(longest[index] ?? 0, firstAt - endedAt);
  }
  return faults.map(({ name }, index) => ({ name, ms: longest[index] ?? 0 }));
}

/** What an event took to its first arrival at a webhook. */
interface Wait {
  readonly eventId: string;
  readonly webhookId: string;
  readonly ms: number;
  /** How long faults lasted meanwhile. */
  readonly awayMs: number;
}

function waitsOf({ faults }: History, arrivals: readonly Arrival[]): Wait[] {
  const away = unionOf(faults);
  return arrivals.map(({ eventId, webhookId, producedAt, firstAt }) => ({
    eventId,
    webhookId,
    ms: firstAt - producedAt,
    awayMs: within(away, producedAt, firstAt),
  }));
}

function longest(waits: readonly Wait[]): number {
  return waits.reduce((most, { ms, awayMs }) => Math.max(most, ms - awayMs), 0);
}

/**
 * Where faults are dense, each arrival counts for the last of them alone, and an event that is stuck over many of them
 * would never be seen. Webhooks that are sick, or were held at any time, wait for their endpoints.
 */
function tookTooLong(
  { everHeld }: History,
  arrivals: readonly Arrival[],
  waits: readonly Wait[],
  rules: StallRules,
): string[] {
  const held = new Set(arrivals.filter(({ jobId }) => everHeld.has(jobId)).map(({ webhookId }) => webhookId));
  return waits
    .filter(({ webhookId }) => !rules.sick.has(webhookId) && !held.has(webhookId))
    .filter(({ ms, awayMs }) => ms > rules.recoverWithinMs + awayMs)
    .map(({ eventId, ms, awayMs }) => `${eventId} after ${ms} ms, ${awayMs} of them under a fault`);
}

type Interval = Pick<Fault, 'at' | 'endedAt'>;

/** The time that faults lasted, without what they have in common; rising. */
function unionOf(faults: readonly Fault[]): Interval[] {
  const union: Interval[] = [];
  for (const { at, endedAt } of faults.toSorted((one, other) => one.at - other.at)) {
    const last = union.at(-1);
    if (last === undefined || at > last.endedAt) union.push({ at, endedAt });
    else union[union.length - 1] = { at: last.at, endedAt: Math.max(last.endedAt, endedAt) };
  }
  return union;
}

function within(intervals: readonly Interval[], from: number, to: number): number {
  return intervals.reduce((sum, { at, endedAt }) => sum + Math.max(0, Math.min(endedAt, to) - Math.max(at, from)), 0);
}
