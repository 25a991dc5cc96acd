import type { History, Post } from '../history.js';
import { violations, type Violation } from './violation.js';

/**
 * I2, of processes that slept: after they woke up they make again at most what they were in the midst of when they fell
 * asleep. Everything else that they remember is others' by then, and made.
 */
export interface Stale {
  /** POSTs after the end of the sleep, of attempts that somebody had made before that. */
  readonly posts: number;
  /** Attempts that were under way when it began. */
  readonly inFlight: number;
  readonly violations: readonly Violation[];
}

/** The sleep is the last fault of the run. */
export function findStale({ faults, posts }: Pick<History, 'faults' | 'posts'>): Stale {
  const sleep = faults.at(-1);
  if (sleep === undefined) return { posts: 0, inFlight: 0, violations: [] };
  const made = new Set(posts.filter(({ arrivedAt }) => arrivedAt < sleep.endedAt).map(nameOf));
  const stale = posts.filter((post) => post.arrivedAt >= sleep.endedAt && made.has(nameOf(post)));
  const inFlight = posts.filter(
    ({ arrivedAt, completedAt }) => arrivedAt < sleep.at && (completedAt ?? Infinity) > sleep.at,
  ).length;
  const kind = `attempts made again by who had slept, where ${inFlight} were under way`;
  return {
    posts: stale.length,
    inFlight,
    violations: stale.length > inFlight ? violations('I2', kind, stale.map(nameOf)) : [],
  };
}

function nameOf({ jobId, attempt }: Post): string {
  return `${jobId}:${attempt}`;
}
