import type { CommitSample, History, Rules } from '../history.js';
import { attemptName } from './attempt-name.js';
import { committedAt, partitionOf } from './committed-at.js';
import { groupBy } from './group-by.js';
import { violations, type Violation } from './violation.js';

/**
 * I12: a commit never goes back, and neither passes a record that isn't finished nor tells that it is. The second is held
 * against the receivers' log: when a commit beyond a job's record was written, the job's attempt had arrived at its
 * endpoint, and, where it was answered, the time was over for which the endpoint makes its callers wait. A job that left
 * for the overflow topic, or was held because its webhook was Failed, was finished by that.
 */
export function findCommitFaults(history: History, rules: Rules): Violation[] {
  const partitions = groupBy(history.commits, (sample) => `${sample.group} ${partitionOf(sample)}`);
  const back = [...partitions].flatMap(([name, samples]) => regressions(name, samples));
  return [
    ...violations('I12', 'a commit that went back', back),
    ...violations('I12', 'a commit beyond a job not posted, or not answered yet', passed(history, rules.dispatch)),
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

function passed(
  { commits, records, posts, everHeld }: History,
  { topic, group, overflow }: Rules['dispatch'],
): string[] {
  const finished = finishedAt(posts);
  const left = new Set(records.filter((record) => record.topic === overflow).map(({ jobId }) => jobId));
  const ours = commits.filter((sample) => sample.topic === topic && sample.group === group);
  const passedAt = committedAt(ours);
  return records
    .filter((record) => record.topic === topic && !left.has(record.jobId) && !everHeld.has(record.jobId))
    .filter((record) => {
      const at = finished.get(attemptName(record));
      return at !== undefined && at > passedAt(record) + CLOCK_MS;
    })
    .map((record) => `${attemptName(record)} at ${record.partition}/${record.offset}`);
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
