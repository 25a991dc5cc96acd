import { hasFinished } from '../../../services/shared/core/offset-map.js';
import type { CommitSample, History, JobRecord, Rules } from '../history.js';
import { violations, type Violation } from './violation.js';
import { groupBy } from './group-by.js';

/**
 * I12: a commit never goes back, and neither passes a record that isn't finished nor tells that it is. The second is held against the
 * receivers' log: when a commit beyond a job's record was seen, the job's attempt had arrived at its endpoint. A job
 * that left for the overflow topic, or was held because its webhook was Failed, was finished by that.
 */
export function findCommitFaults(history: History, rules: Rules): Violation[] {
  const partitions = groupBy(history.commits, ({ group, topic, partition }) => `${group} ${topic}/${partition}`);
  const back = [...partitions].flatMap(([name, samples]) => regressions(name, samples));
  return [
    ...violations('I12', 'a commit that went back', back),
    ...violations('I12', 'a commit beyond a job not posted', passed(history, rules.dispatch)),
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

function passed(
  { commits, records, posts, everHeld }: History,
  { topic, group, overflow }: Rules['dispatch'],
): string[] {
  const arrived = new Map<string, number>();
  for (const { jobId, attempt, arrivedAt } of posts) {
    const name = `${jobId}:${attempt}`;
    arrived.set(name, Math.min(arrivedAt, arrived.get(name) ?? Infinity));
  }
  const left = new Set(records.filter((record) => record.topic === overflow).map(({ jobId }) => jobId));
  const ours = commits.filter((sample) => sample.topic === topic && sample.group === group);
  const samplesOf = groupBy(ours, ({ partition }) => partition);
  return records
    .filter((record) => record.topic === topic && !left.has(record.jobId) && !everHeld.has(record.jobId))
    .filter((record) => {
      const at = arrived.get(`${record.jobId}:${record.attempt}`);
      return at !== undefined && at > committedAt(record, samplesOf.get(record.partition) ?? []);
    })
    .map(({ partition, offset, jobId, attempt }) => `${jobId}:${attempt} at ${partition}/${offset}`);
}

/** When a commit beyond the record, or one that told it to have finished, was seen for the first time. */
function committedAt({ offset }: JobRecord, samples: readonly CommitSample[]): number {
  return samples.reduce((at, sample) => (passes(sample, offset) ? Math.min(at, sample.at) : at), Infinity);
}

function passes({ offset, map }: CommitSample, record: number): boolean {
  return offset > record || (map !== undefined && hasFinished(map, record));
}
