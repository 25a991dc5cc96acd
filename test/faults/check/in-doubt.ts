import type { History, JobRecord, Rules } from '../history.js';
import { attemptName } from './attempt-name.js';
import { committedAt, partitionOf } from './committed-at.js';
import { groupBy } from './group-by.js';

/**
 * What a crash would have made again at any moment: what was done for a record, and the record not yet committed. This is
 * what may be doubled, where the backlog of a group is only what there is to do.
 */
export type InDoubt = (from: number, to: number) => number;

/** From when to when, epoch ms. */
interface Doubt {
  readonly from: number;
  readonly until: number;
}

type Witnesses = Pick<History, 'posts' | 'records' | 'commits'>;

/**
 * The most deliveries in doubt at a time between two moments, epoch ms: from the arrival at the endpoint until a commit
 * passes their record, or tells that it has finished.
 */
export function deliveriesInDoubt({ posts, records, commits }: Witnesses, lanes: Rules['dispatch']): InDoubt {
  const arrivals = new Map<string, number>();
  for (const post of posts) {
    const name = attemptName(post);
    arrivals.set(name, Math.min(post.arrivedAt, arrivals.get(name) ?? Infinity));
  }
  const passedAt = committedAt(commits);
  const doubts = firstOf(records.filter(({ topic }) => topic === lanes.topic || topic === lanes.overflow)).map(
    (record) => ({
      // A job that was produced twice, or postponed, arrived under the same name before.
      from: Math.max(record.at, arrivals.get(attemptName(record)) ?? Infinity),
      until: passedAt(record),
    }),
  );
  return mostAtATime(doubts);
}

/**
 * The same of jobs that were written: from the moment that they were until a commit passes what they were made of, the
 * event or the record of a retry.
 */
export function jobsInDoubt({ records, commits }: Witnesses, lanes: Rules['dispatch']): InDoubt {
  const passedAt = committedAt(commits);
  const waits = records.filter(({ topic }) => topic !== lanes.topic && topic !== lanes.overflow);
  const waitOf = new Map(firstOf(waits).map((record) => [attemptOf(record), record]));
  const doubts = firstOf(records.filter((record) => isMade(record, lanes))).map((record) => {
    const origin = isFirst(record) ? record.source : waitOf.get(attemptOf(record));
    return { from: record.at, until: origin === undefined ? record.at : passedAt(origin) };
  });
  return mostAtATime(doubts);
}

/**
 * Jobs of events and of retries that stand in their lane again. What left for the overflow lane was none of these; where a
 * wait stands twice, because the attempt before it was made again, it is rightly made into two jobs.
 */
export function jobsMadeAgain(records: readonly JobRecord[], lanes: Rules['dispatch']): number {
  const waits = groupBy(
    records.filter(({ topic }) => topic !== lanes.topic && topic !== lanes.overflow),
    attemptOf,
  );
  const made = groupBy(
    records.filter((record) => isMade(record, lanes)),
    (record) => `${record.topic} ${attemptOf(record)}`,
  );
  return [...made.values()].reduce((sum, [first, ...again]) => {
    const others = first === undefined ? 0 : (waits.get(attemptOf(first))?.length ?? 1) - 1;
    return sum + Math.max(0, again.length - others);
  }, 0);
}

function isMade(record: JobRecord, lanes: Rules['dispatch']): boolean {
  return record.topic === lanes.topic || (record.topic === lanes.overflow && !isFirst(record));
}

function isFirst({ attempt, postponed }: JobRecord): boolean {
  return attempt === 1 && postponed === 0;
}

/** An event that was produced twice is made into jobs twice, and rightly so. */
function attemptOf(record: JobRecord): string {
  return `${attemptName(record)}+${record.postponed} of ${partitionOf(record.source)}/${record.source.offset}`;
}

/** Of those that stand in a topic several times, the one that stood there first. */
function firstOf(records: readonly JobRecord[]): JobRecord[] {
  const first = new Map<string, JobRecord>();
  for (const record of records) {
    const name = `${record.topic} ${attemptOf(record)}`;
    if (record.at < (first.get(name)?.at ?? Infinity)) first.set(name, record);
  }
  return [...first.values()];
}

function mostAtATime(doubts: readonly Doubt[]): InDoubt {
  const begun = doubts.filter(({ from, until }) => from < until);
  const steps = [
    ...begun.map(({ from }) => ({ at: from, by: 1 })),
    ...begun.filter(({ until }) => until < Infinity).map(({ until }) => ({ at: until, by: -1 })),
  ].sort((one, other) => one.at - other.at);
  return (from, to) => {
    let [count, most] = [0, 0];
    for (const { at, by } of steps) {
      // What was in doubt when the time began counts, too.
      if (at > from) most = Math.max(most, count);
      if (at > to) return most;
      count += by;
    }
    return Math.max(most, count);
  };
}
