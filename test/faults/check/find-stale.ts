import type { History } from '../history.js';
import { attemptName } from './attempt-name.js';
import { violations, type Violation } from './violation.js';

/**
 * I2, of processes that slept: after they woke up they make again at most what was theirs when they fell asleep: what they
 * were in the midst of, and the retries that they held, whose timers go off before they hear that the partitions are
 * others' by now.
 */
export interface Stale {
  /** POSTs after the end of the sleep, of attempts that somebody had made before that. */
  readonly posts: number;
  /** How many there may be. */
  readonly bound: number;
  readonly violations: readonly Violation[];
}

/** The sleep is the last fault of the run. */
export function findStale({ faults, posts }: Pick<History, 'faults' | 'posts'>): Stale {
  const sleep = faults.at(-1);
  if (sleep === undefined) return { posts: 0, bound: 0, violations: [] };
  const made = new Set(posts.filter(({ arrivedAt }) => arrivedAt < sleep.endedAt).map(attemptName));
  const stale = posts.filter((post) => post.arrivedAt >= sleep.endedAt && made.has(attemptName(post)));
  const bound = sleep.exposed;
  const kind = `attempts made again by who had slept, where ${bound} were exposed`;
  return {
    posts: stale.length,
    bound,
    violations: stale.length > bound ? violations('I2', kind, stale.map(attemptName)) : [],
  };
}
