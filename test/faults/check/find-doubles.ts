import type { History, JobRecord, Post } from '../history.js';
import { byJob, isSuccess } from './expected-jobs.js';
import type { Violation } from './violation.js';

/**
 * I2: without a fault there is one POST per attempt. A fault may double what was exposed when it struck (all that its
 * groups had not committed), and what a producer wrote twice because an answer was lost; each of these at most once more,
 * with the retries that follow from it. Doubles carry the same webhook-id by construction: it is what they are found by.
 */
export interface Doubles {
  /** POSTs that repeat an attempt, or come after the success of their job. */
  readonly doubled: number;
  /** How many of them start a repetition: the others are retries that follow from these. */
  readonly started: number;
  /** How many may. */
  readonly bound: number;
  /** Records of the topics that stand there twice. */
  readonly storedTwice: number;
  readonly violations: readonly Violation[];
}

export function findDoubles(history: History): Doubles {
  const { posts, faults, records, stored, produced } = history;
  let [doubled, started] = [0, 0];
  for (const ofJob of byJob(posts).values()) {
    const extra = extraPosts(ofJob);
    doubled += extra.all;
    started += extra.started;
  }
  const storedTwice =
    extraRecords(records) + produced.reduce((sum, { eventId }) => sum + Math.max(0, (stored.get(eventId) ?? 0) - 1), 0);
  const exposed = faults.reduce((sum, fault) => sum + fault.exposed, 0);
  const bound = faults.length === 0 ? 0 : exposed + storedTwice;
  const over = started > bound;
  const what = `${started} deliveries were repeated, where ${exposed} were exposed and ${storedTwice} stored twice`;
  return {
    doubled,
    started,
    bound,
    storedTwice,
    violations: over ? [{ invariant: 'I2', what }] : [],
  };
}

function extraPosts(posts: readonly Post[]): { readonly all: number; readonly started: number } {
  const byAttempt = new Map<number, number>();
  let deliveredAt = Infinity;
  for (const { status, completedAt } of posts)
    if (isSuccess(status)) deliveredAt = Math.min(deliveredAt, completedAt ?? Infinity);
  for (const attempt of new Set(posts.map((post) => post.attempt))) {
    const ofAttempt = posts.filter((post) => post.attempt === attempt);
    const postponements = ofAttempt.filter(({ asksToWait }) => asksToWait).length;
    const repeats = Math.max(0, ofAttempt.length - 1 - postponements);
    const late = ofAttempt.filter(({ arrivedAt }) => arrivedAt > deliveredAt).length;
    byAttempt.set(attempt, Math.max(repeats, late));
  }
  let [all, started, before] = [0, 0, 0];
  for (const [, extra] of [...byAttempt].sort(([one], [other]) => one - other)) {
    all += extra;
    started += Math.max(0, extra - before);
    before = Math.max(before, extra);
  }
  return { all, started };
}

/** The same attempt of a job standing in the same topic again. */
function extraRecords(records: readonly JobRecord[]): number {
  const names = new Set(
    records.map((record) => `${record.topic} ${record.jobId} ${record.attempt}+${record.postponed}`),
  );
  return records.length - names.size;
}
