import type { Entry, History, Post, Rules } from '../history.js';
import { attemptName } from './attempt-name.js';
import { byJob, expectedJobs, isSuccess } from './expected-jobs.js';
import { violations, type Violation } from './violation.js';
import { groupBy } from './group-by.js';

/**
 * I3, I5 and I11, attempt by attempt: never more than planned, none skipped, none left out at the end, a retry not before
 * its time; a failed attempt stands in the failure log, also one without an answer where nobody who delivers was
 * hurt, and nothing stands there of a job that is not owed.
 */
export function findAttemptFaults(history: History, rules: Rules): Violation[] {
  const entriesOf = byJob(history.entries);
  const failed = history.faults.some(({ doubles }) => doubles.includes('deliveries')) ? isRefused : isUnsuccessful;
  const found: Record<'beyond' | 'skipped' | 'early' | 'unlogged', string[]> = {
    beyond: [],
    skipped: [],
    early: [],
    unlogged: [],
  };
  for (const [jobId, posts] of byJob(history.posts)) {
    const entries = entriesOf.get(jobId) ?? [];
    if (posts.some(({ attempt }) => attempt < 1 || attempt > rules.attempts)) found.beyond.push(jobId);
    if (skips(posts, entries)) found.skipped.push(jobId);
    const earlyMs = earliest(posts, entries, rules.retryDelayMs);
    if (earlyMs > CLOCK_MS) found.early.push(`${jobId} by ${earlyMs} ms`);
    if (unlogged(posts, entries, failed)) found.unlogged.push(jobId);
  }
  return [
    ...violations('I3', 'attempts beyond the planned ones', found.beyond),
    ...violations('I3', 'an attempt without the one before it', found.skipped),
    ...violations('I3', 'given up before the last attempt', givenUpEarly(history, rules)),
    ...violations('I5', 'a retry before its time', found.early),
    ...violations('I11', 'a failed attempt that is not logged', found.unlogged),
    ...violations('I11', 'an entry of a job that is not owed', invented(history)),
  ];
}

/** The clocks of two processes of one machine are read at most so far apart. */
const CLOCK_MS = 10;

function skips(posts: readonly Post[], entries: readonly Entry[]): boolean {
  const made = new Set([...posts, ...entries].map(({ attempt }) => attempt));
  return posts.some(({ attempt }) => attempt > 1 && !made.has(attempt - 1));
}

/** How late a busy receiver may notice that a client has left. */
const NOTICED_LATE_MS = 1_000;

/**
 * When the attempt ended for us, at the earliest: an answer is ours as soon as the request was there, and whoever
 * answers notes it only later; who leaves is noticed later, too. What came on a connection that had been closed ended
 * with that.
 */
function endOf({ status, arrivedAt, completedAt }: Post): number {
  if (status !== undefined) return arrivedAt;
  if (completedAt === undefined) return Infinity;
  return completedAt < arrivedAt ? completedAt : Math.max(arrivedAt, completedAt - NOTICED_LATE_MS);
}

/** By how much the earliest retry came too early. What was held owes no pause of its own. */
function earliest(posts: readonly Post[], entries: readonly Entry[], delayMs: number): number {
  if (entries.some(({ followUp }) => followUp === 'held')) return 0;
  let earlyMs = 0;
  for (const { attempt, arrivedAt } of posts) {
    const failed = posts.filter((post) => post.attempt === attempt - 1 && !isSuccess(post.status));
    const ends = failed.map(endOf);
    if (ends.length > 0) earlyMs = Math.max(earlyMs, Math.min(...ends) + delayMs - arrivedAt);
  }
  return Number.isFinite(earlyMs) ? earlyMs : 0;
}

/** An attempt that only ever failed; where it was repeated with success, its first may have died. */
function unlogged(posts: readonly Post[], entries: readonly Entry[], isFailed: (post: Post) => boolean): boolean {
  const logged = new Set(entries.map(({ attempt }) => attempt));
  return [...groupBy(posts, ({ attempt }) => attempt)].some(
    ([attempt, ofAttempt]) => !logged.has(attempt) && ofAttempt.every(isFailed),
  );
}

function isRefused({ status }: Post): boolean {
  return status !== undefined && !isSuccess(status);
}

/** Refused, hung, reset or cut: where nobody who delivers dies in the midst of an attempt, somebody is there to tell. */
function isUnsuccessful({ status, completedAt }: Post): boolean {
  return !isSuccess(status) && completedAt !== undefined;
}

/** Of which webhook an entry is doesn't matter: those whose endpoints use up attempts by plan use up all of them, too. */
function givenUpEarly({ entries }: History, { attempts }: Rules): string[] {
  return entries.filter(({ followUp, attempt }) => followUp === 'exhausted' && attempt !== attempts).map(attemptName);
}

function invented(history: History): string[] {
  const owed = new Set(expectedJobs(history).map(({ jobId }) => jobId));
  return history.entries.filter(({ jobId }) => !owed.has(jobId)).map(attemptName);
}
