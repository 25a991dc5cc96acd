import type { History, JobRecord, Rules } from '../history.js';
import { attemptName, madeName } from './attempt-name.js';
import { committedAt } from './committed-at.js';
import { earliest, isFirst, isMade, isWait } from './job-records.js';

/**
 * What a crash would have made again at any moment: what was done for a record, and the record not yet committed. This is
 * what may be doubled, where the backlog of a group is only what there is to do. What had been over for longer than
 * `committedWithinMs` when the time began doesn't count, if that is told: it was to be committed by then.
 */
export type InDoubt = (from: number, to: number, committedWithinMs?: number) => number;

/** From when to when, epoch ms, and when the work was over: a POST is under way after its arrival. */
interface Doubt {
  readonly from: number;
  readonly overAt: number;
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
  const completions = earliest(posts, attemptName, ({ completedAt }) => completedAt ?? Infinity);
  const moved = records.filter(({ topic }) => topic === groups.overflow.topic);
  const moves = earliest(moved, madeName, ({ at }) => at);
  const passedAt = committedAt(commits);
  const movedAt = (record: JobRecord): number =>
    (record.topic === groups.delivery.topic ? moves.get(madeName(record)) : undefined) ?? Infinity;
  const doubts = firstOf(records.filter((record) => !isWait(record, groups))).map((record) => ({
    // A job that was produced twice, or postponed, arrived under the same name before.
    from: Math.max(record.at, Math.min(movedAt(record), arrivals.get(attemptName(record)) ?? Infinity)),
    overAt: Math.max(record.at, Math.min(movedAt(record), completions.get(attemptName(record)) ?? Infinity)),
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
    return { from: record.at, overAt: record.at, until: origin === undefined ? record.at : passedAt(origin) };
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
    ...begun.map(({ from, overAt }) => ({ at: from, by: 1, overAt })),
    ...begun.filter(({ until }) => until < Infinity).map(({ until, overAt }) => ({ at: until, by: -1, overAt })),
  ].sort((one, other) => one.at - other.at);
  return (from, to, committedWithinMs = Infinity) => {
    let [count, most] = [0, 0];
    for (const { at, by, overAt } of steps) {
      if (overAt < from - committedWithinMs) continue;
      // What was in doubt when the time began counts, too.
      if (at > from) most = Math.max(most, count);
      if (at > to) return most;
      count += by;
    }
    return Math.max(most, count);
  };
}
