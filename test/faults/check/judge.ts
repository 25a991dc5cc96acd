import type { History, Rules } from '../history.js';
import { findAttemptFaults } from './find-attempt-faults.js';
import { findBadStops } from './find-bad-stops.js';
import { findCommitFaults } from './find-commit-faults.js';
import { findDisorder } from './find-disorder.js';
import { findDoubles } from './find-doubles.js';
import { findGrowth } from './find-growth.js';
import { findLost } from './find-lost.js';
import { findStalls } from './find-stalls.js';
import { violations, type Violation } from './violation.js';

/**
 * Holds the history of a run against the invariants. Pure: the same history gives the same verdict, so a failed run's
 * logs can be judged again. It never explains a violation away; what a scenario may do is in its rules.
 */
export interface Verdict {
  readonly events: number;
  readonly lost: number;
  readonly doubled: number;
  readonly bound: number;
  readonly recoveryMs: number;
  readonly violations: readonly Violation[];
}

export function judge(history: History, rules: Rules): Verdict {
  const losses = findLost(history, rules);
  const doubles = findDoubles(history, rules);
  const stalls = findStalls(history, rules);
  return {
    events: history.produced.length,
    lost: losses.lost,
    doubled: doubles.doubled,
    bound: doubles.bound,
    recoveryMs: stalls.recoveryMs,
    violations: [
      ...losses.violations,
      ...doubles.violations,
      ...findAttemptFaults(history, rules),
      ...(rules.ordered ? findDisorder(history, rules) : []),
      ...stalls.violations,
      ...violations('I7', 'a process that ended by itself', selfEnded(history)),
      ...findBadStops(history.stops),
      ...violations('I8', 'a secret in clear', history.leaks),
      ...violations('I9', 'a forbidden connection', Array(history.forbiddenConnections).fill('one')),
      ...violations('I10', 'a process above its memory', oversized(history, rules)),
      ...violations('I10', 'memory that grows', findGrowth(history)),
      ...findCommitFaults(history, rules),
    ],
  };
}

function selfEnded({ processes }: History): string[] {
  return processes.filter((ended) => ended.selfEnded > 0).map(({ name, selfEnded: times }) => `${name} ${times} times`);
}

function oversized({ processes }: History, { rssLimitMb }: Rules): string[] {
  return processes
    .filter(({ peakRssMb }) => peakRssMb > rssLimitMb)
    .map(({ name, peakRssMb }) => `${name} ${Math.round(peakRssMb)} MB`);
}
