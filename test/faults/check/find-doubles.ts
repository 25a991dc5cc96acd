import type { Fault, History, JobRecord, Post, Rules } from '../history.js';
import { byJob, isSuccess } from './expected-jobs.js';
import { groupBy } from './group-by.js';
import { deliveriesInDoubt, jobsInDoubt, type InDoubt } from './in-doubt.js';
import { isWait } from './job-records.js';
import { madeAgain, type MadeAgain } from './made-again.js';
import type { Violation } from './violation.js';

/**
 * I2: without a fault there is one POST per attempt. A fault may double what was exposed when it struck (all that its
 * groups had not committed), and of that no more than was in doubt at a time from then on until its groups have settled:
 * posted, or written to a topic, and what it was made of not committed. Each of these once more at most, with the retries
 * that follow from it; and a job that stands in its lane again, for that or because its event does, is posted again.
 * Doubles carry the same webhook-id by construction: it is what they are found by.
 */
export interface Doubles {
  /** POSTs that repeat an attempt, or come after the success of their job. */
  readonly doubled: number;
  /** How many of them start a repetition: the others are retries that follow from these. */
  readonly started: number;
  /** How many may. */
  readonly bound: number;
  readonly violations: readonly Violation[];
}

/** Until the partitions of who was hit are others': the time of a session, and some seconds. */
const SETTLED_WITHIN_MS = 10_000;
/** A producer that waits for an answer when the fault begins; and one that hears of the end a little later. */
const ANSWER_MS = 1_000;

export function findDoubles(history: History, rules: DoubleRules): Doubles {
  const { faults } = history;
  const { doubled, started, standing } = repetitions(history, rules.groups);
  const deliveries = mayBeRepeated('deliveries', deliveriesInDoubt(history, rules.groups), faults, rules);
  const mostJobs = mayBeRepeated('jobs', jobsInDoubt(history, rules.groups), faults, rules);
  const { byMakers, byDeliverers } = madeAgain(history, rules.groups);
  const [jobs, waits] = [copiesOf(byMakers, faults, rules), copiesOf(byDeliverers, faults, rules)];
  const bound = faults.length === 0 ? 0 : deliveries + standing;
  const repeated = `${started} deliveries were repeated, where ${deliveries} may be and ${standing} stood in their lane again`;
  const broken = [
    ...(started > bound ? [repeated] : []),
    ...(jobs > mostJobs ? [`${jobs} jobs were made again, where ${mostJobs} may be`] : []),
    ...(waits > deliveries ? [`${waits} waits or moves were written again, where ${deliveries} may be`] : []),
  ];
  return { doubled, started, bound, violations: broken.map((what) => ({ invariant: 'I2', what })) };
}

type DoubleRules = Pick<Rules, 'groups' | 'answersLost' | 'doublesPerFault' | 'committedWithinMs'>;
type Work = Fault['doubles'][number];

/** What was exposed; or, where less is promised, so many per fault, and of kills beside that what they interrupted. */
function mayBeRepeated(work: Work, inDoubt: InDoubt, faults: readonly Fault[], rules: DoubleRules): number {
  const { doublesPerFault, committedWithinMs } = rules;
  const exposed = sumOf(work, faults, ({ at, endedAt }) => inDoubt(at, endedAt + SETTLED_WITHIN_MS));
  if (doublesPerFault === undefined) return exposed;
  const interrupted =
    committedWithinMs === undefined
      ? 0
      : sumOf(work, faults, ({ at, endedAt }) => inDoubt(at, endedAt, committedWithinMs));
  return Math.min(exposed, doublesPerFault * faults.length + interrupted);
}

/** Of each fault what was in doubt, and no more than the backlog that it struck. */
function sumOf(work: Work, faults: readonly Fault[], inDoubtOf: (fault: Fault) => number): number {
  return faults
    .filter(({ doubles }) => doubles.includes(work))
    .reduce((sum, fault) => sum + Math.min(fault.exposed, inDoubtOf(fault)), 0);
}

/** Of those whose first one may have stayed without an answer, the producer writes others, and rightly so. */
function copiesOf(again: readonly MadeAgain[], faults: readonly Fault[], { answersLost }: DoubleRules): number {
  const mayBeUnanswered = ({ firstAt }: MadeAgain): boolean =>
    answersLost && faults.some(({ at, endedAt }) => firstAt >= at - ANSWER_MS && firstAt <= endedAt + ANSWER_MS);
  return again.filter((one) => !mayBeUnanswered(one)).reduce((sum, { copies }) => sum + copies, 0);
}

interface Repetitions {
  readonly doubled: number;
  readonly started: number;
  /** Jobs that stand in a lane again, and not because the attempt before was made again. */
  readonly standing: number;
}

function repetitions({ posts, records }: History, groups: Rules['groups']): Repetitions {
  const jobsOf = byJob(records.filter((record) => !isWait(record, groups)));
  let [doubled, started, standing] = [0, 0, 0];
  for (const [jobId, ofJob] of byJob(posts)) {
    const [extraPosts, extraJobs] = [postsByAttempt(ofJob), jobsByAttempt(jobsOf.get(jobId) ?? [])];
    let [postsBefore, before] = [0, 0];
    for (const attempt of [...new Set([...extraPosts.keys(), ...extraJobs.keys()])].sort((one, other) => one - other)) {
      const [again, jobs] = [extraPosts.get(attempt) ?? 0, extraJobs.get(attempt) ?? 0];
      doubled += again;
      started += Math.max(0, again - postsBefore);
      standing += Math.max(0, jobs - before);
      postsBefore = Math.max(postsBefore, again);
      before = Math.max(before, again, jobs);
    }
  }
  return { doubled, started, standing };
}

/** How often each attempt was made beyond the first time. */
function postsByAttempt(posts: readonly Post[]): ReadonlyMap<number, number> {
  let deliveredAt = Infinity;
  for (const { status, completedAt } of posts)
    if (isSuccess(status)) deliveredAt = Math.min(deliveredAt, completedAt ?? Infinity);
  return new Map(
    [...groupBy(posts, ({ attempt }) => attempt)].map(([attempt, ofAttempt]) => {
      const postponements = ofAttempt.filter(({ asksToWait }) => asksToWait).length;
      const late = ofAttempt.filter(({ arrivedAt }) => arrivedAt > deliveredAt).length;
      return [attempt, Math.max(0, ofAttempt.length - 1 - postponements, late)];
    }),
  );
}

/** How often each attempt stands in the same lane beyond the first time. */
function jobsByAttempt(records: readonly JobRecord[]): ReadonlyMap<number, number> {
  const again = new Map<number, number>();
  for (const copies of groupBy(records, ({ topic, attempt, postponed }) => `${topic} ${attempt}+${postponed}`).values())
    for (const { attempt } of copies.slice(0, 1))
      again.set(attempt, Math.max(copies.length - 1, again.get(attempt) ?? 0));
  return again;
}
