import type { History, JobRecord, Rules } from '../history.js';
import { attemptName, madeName } from './attempt-name.js';
import { committedAt } from './committed-at.js';
import { earliest, isFirst, isMade, isWait } from './job-records.js';

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
type Groups = Rules['groups'];

/**
 * The most deliveries in doubt at a time between two moments, epoch ms: from the arrival at the endpoint, or the move to
 * the overflow topic, until a commit passes their record, or tells that it has finished.
 */
export function deliveriesInDoubt({ posts, records, commits }: Witnesses, groups: Groups): InDoubt {
  const arrivals = earliest(posts, attemptName, ({ arrivedAt }) => arrivedAt);
  const moved = records.filter(({ topic }) => topic === groups.overflow.topic);
  const moves = earliest(moved, madeName, ({ at }) => at);
  const passedAt = committedAt(commits);
  const done = (record: JobRecord): number => {
    const movedAt = record.topic === groups.delivery.topic ? moves.get(madeName(record)) : undefined;
    return Math.min(movedAt ?? Infinity, arrivals.get(attemptName(record)) ?? Infinity);
  };
  const doubts = firstOf(records.filter((record) => !isWait(record, groups))).map((record) => ({
    // A job that was produced twice, or postponed, arrived under the same name before.
    from: Math.max(record.at, done(record)),
    until: passedAt(record),
  }));
  return mostAtATime(doubts);
}

/**
 * The same of jobs that were written: from the moment that they were until a commit passes what they were made of, the
 * event or the record of a retry.
 */
export function jobsInDoubt({ records, commits }: Witnesses, groups: Groups): InDoubt {
  const passedAt = committedAt(commits);
  const waits = records.filter((record) => isWait(record, groups));
  const waitOf = new Map(firstOf(waits).map((record) => [madeName(record), record]));
  const doubts = firstOf(records.filter((record) => isMade(record, groups))).map((record) => {
    const origin = isFirst(record) ? record.source : waitOf.get(madeName(record));
    return { from: record.at, until: origin === undefined ? record.at : passedAt(origin) };
  });
  return mostAtATime(doubts);
}

/** Of those that stand in a topic several times, the one that stood there first. */
function firstOf(records: readonly JobRecord[]): JobRecord[] {
  const first = new Map<string, JobRecord>();
  for (const record of records) {
    const name = `${record.topic} ${madeName(record)}`;
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
