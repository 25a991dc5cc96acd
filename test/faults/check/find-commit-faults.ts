import type { CommitSample, History, JobRecord, Place, Reader, Rules } from '../history.js';
import { askedName, attemptName } from './attempt-name.js';
import { committedAt, partitionOf, placeOf } from './committed-at.js';
import { groupBy } from './group-by.js';
import { earliest, isFirst, isWait } from './job-records.js';
import { violations, type Violation } from './violation.js';

/**
 * I12: a commit never goes back, and neither passes a record that isn't finished nor tells that it is. Of jobs the second is
 * held against the receivers' log: when a commit beyond a job's record was written, the job's attempt had arrived at its
 * endpoint, and, where it was answered, the time was over for which the endpoint makes its callers wait. A job that left
 * for the overflow topic, or was held because its webhook was Failed, was finished by that. Of events and of waits it is
 * held against the topics of jobs: what was made of them stood there by then.
 */
export function findCommitFaults(history: History, { groups }: Pick<Rules, 'groups'>): Violation[] {
  const partitions = groupBy(history.commits, (sample) => `${sample.group} ${partitionOf(sample)}`);
  const back = [...partitions].flatMap(([name, samples]) => regressions(name, samples));
  const unfinished = [
    ...passedJobs(history, groups.delivery, groups.overflow),
    ...passedJobs(history, groups.overflow, undefined),
  ];
  const unmade = [...passedEvents(history, groups), ...passedWaits(history, groups)];
  return [
    ...violations('I12', 'a commit that went back', back),
    ...violations('I12', 'a commit beyond a job not posted, or not answered yet', unfinished),
    ...violations('I12', 'a commit beyond what its job was not made of yet', unmade),
  ];
}

function regressions(name: string, samples: readonly CommitSample[]): string[] {
  const found: string[] = [];
  let highest = -1;
  for (const { offset, at } of samples.toSorted((one, other) => one.at - other.at)) {
    if (offset < highest) found.push(`${name} from ${highest} to ${offset} at ${at}`);
    highest = Math.max(highest, offset);
  }
  return found;
}

/** The clocks of two processes of one machine, the broker's and the receiver's, are read at most so far apart. */
const CLOCK_MS = 10;

/** Jobs of a lane; those that left it for the topic of another are that one's. */
function passedJobs(
  { commits, records, posts, everHeld }: History,
  lane: Reader,
  leftFor: Reader | undefined,
): string[] {
  const finished = finishedAt(posts);
  const left = new Set(records.filter(({ topic }) => topic === leftFor?.topic).map(({ jobId }) => jobId));
  const passedAt = committedAt(commitsOf(commits, lane));
  return records
    .filter((record) => record.topic === lane.topic && !left.has(record.jobId) && !everHeld.has(record.jobId))
    .filter((record) => {
      const at = finished.get(attemptName(record));
      return at !== undefined && at > passedAt(record) + CLOCK_MS;
    })
    .map(nameOf);
}

function commitsOf(commits: readonly CommitSample[], { id, topic }: Reader): CommitSample[] {
  return commits.filter((sample) => sample.topic === topic && sample.group === id);
}

/** Events of which a job was written after they had been committed. */
function passedEvents(history: History, groups: Rules['groups']): string[] {
  const first = history.records.filter((record) => record.topic === groups.delivery.topic && isFirst(record));
  return [groups.call, groups.whatsapp].flatMap((group) => {
    const ofGroup = first.filter(({ source }) => source.topic === group.topic);
    return madeTooLate(history, group, ofGroup, ({ jobId, source }) => ({
      name: `${jobId} ${placeOf(source)}`,
      source,
    }));
  });
}

/** The same of waits, where an attempt has only one: of two, nobody knows which job is of which. */
function passedWaits(history: History, groups: Rules['groups']): string[] {
  const waits = groupBy(
    history.records.filter((record) => isWait(record, groups)),
    askedName,
  );
  const retries = history.records.filter((record) => !isWait(record, groups) && record.attempt > 1);
  return madeTooLate(history, groups.retry, retries, (record) => {
    const [wait, other] = waits.get(askedName(record)) ?? [];
    if (wait?.topic !== groups.retry.topic || other !== undefined || record.postponed > 0) return undefined;
    return { name: askedName(record), source: wait };
  });
}

/** What a job was made of. */
interface Origin {
  /** The same for all of its copies. */
  readonly name: string;
  readonly source: Place;
}

/**
 * Jobs whose first copy was written after a commit beyond their origin. They are dated by their writers' clocks: what
 * would have arrived at its endpoint before it was written was written by a clock that is wrong, and tells nothing.
 */
function madeTooLate(
  { commits, posts }: History,
  group: Reader,
  jobs: readonly JobRecord[],
  originOf: (job: JobRecord) => Origin | undefined,
): string[] {
  const passedAt = committedAt(commitsOf(commits, group));
  const arrivals = earliest(posts, attemptName, ({ arrivedAt }) => arrivedAt);
  const known = jobs.flatMap((job) =>
    [originOf(job)].flatMap((origin) => (origin === undefined ? [] : [{ job, origin }])),
  );
  return [...groupBy(known, ({ origin }) => origin.name).values()].flatMap((copies) => {
    const [first] = copies.toSorted((one, other) => one.job.at - other.job.at);
    if (first === undefined) return [];
    const { job, origin } = first;
    if (job.at > (arrivals.get(attemptName(job)) ?? Infinity) + CLOCK_MS) return [];
    return job.at > passedAt(origin.source) + CLOCK_MS ? [nameOf(job)] : [];
  });
}

function nameOf(record: JobRecord): string {
  return `${attemptName(record)} at ${record.partition}/${record.offset}`;
}

/**
 * When each attempt can have finished at the earliest. What was not answered, because its client left or the endpoint cut
 * it off, can have finished as soon as it was there.
 */
function finishedAt(posts: History['posts']): ReadonlyMap<string, number> {
  const finished = new Map<string, number>();
  for (const post of posts) {
    const name = attemptName(post);
    const at = post.status === undefined ? post.arrivedAt : post.arrivedAt + post.answeredAfterMs;
    finished.set(name, Math.min(at, finished.get(name) ?? Infinity));
  }
  return finished;
}
