import type { Violation } from './check/violation.js';

/** A scenario that could not be played to its end doesn't hold. */
export function unplayed(error: unknown): Violation {
  return { invariant: 'I7', what: `the scenario could not be played: ${reasonOf(error)}` };
}

/** Its first line: errors of processes bring the ends of their logs along. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split('\n', 1)[0] ?? '';
}
