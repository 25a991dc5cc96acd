import type { Fault, History, JobRecord, Post, Rules } from '../history.js';
import { byJob, isSuccess } from './expected-jobs.js';
import { deliveriesInDoubt, jobsInDoubt, jobsMadeAgain, type InDoubt } from './in-doubt.js';
import type { Violation } from './violation.js';

/**
 * I2: without a fault there is one POST per attempt. A fault may double what was exposed when it struck (all that its
 * groups had not committed), and of that no more than was in doubt at a time from then on until its groups have settled:
 * posted, or written to a topic, and what it was made of not committed. Beside that a producer may write twice what it got
 * no answer for. Each of these once more at most, with the retries that follow from it. Doubles carry the same webhook-id by construction: it is what they are found by.
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

/** Until the partitions of who was hit are others': the time of a session, and some seconds. */
const SETTLED_WITHIN_MS = 10_000;

export function findDoubles(history: History, { dispatch, answersLost }: FaultRules): Doubles {
  const { posts, faults, records, stored, produced } = history;
  let [doubled, started] = [0, 0];
  for (const ofJob of byJob(posts).values()) {
    const extra = extraPosts(ofJob);
    doubled += extra.all;
    started += extra.started;
  }
  const storedTwice =
    extraRecords(records) + produced.reduce((sum, { eventId }) => sum + Math.max(0, (stored.get(eventId) ?? 0) - 1), 0);
  const exposed = exposedTo(faults, 'deliveries', deliveriesInDoubt(history, dispatch));
  const madeAgain = answersLost ? 0 : jobsMadeAgain(records, dispatch);
  const exposedJobs = exposedTo(faults, 'jobs', jobsInDoubt(history, dispatch));
  const bound = faults.length === 0 ? 0 : exposed + storedTwice;
  const broken = [
    ...(started > bound
      ? [`${started} deliveries were repeated, where ${exposed} were exposed and ${storedTwice} stored twice`]
      : []),
    ...(madeAgain > exposedJobs ? [`${madeAgain} jobs were made again, where ${exposedJobs} were exposed`] : []),
  ];
  return { doubled, started, bound, storedTwice, violations: broken.map((what) => ({ invariant: 'I2', what })) };
}

type FaultRules = Pick<Rules, 'dispatch' | 'answersLost'>;

function exposedTo(faults: readonly Fault[], work: Fault['doubles'][number], inDoubt: InDoubt): number {
  return faults
    .filter(({ doubles }) => doubles.includes(work))
    .reduce((sum, { at, endedAt, exposed }) => sum + Math.min(exposed, inDoubt(at, endedAt + SETTLED_WITHIN_MS)), 0);
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
