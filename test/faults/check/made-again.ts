import type { History, JobRecord, Post, Reader, Rules } from '../history.js';
import { askedName, attemptName, madeName } from './attempt-name.js';
import { groupBy } from './group-by.js';
import { isFirst } from './job-records.js';

/** A job that stands in a topic more often than what it was made of. */
export interface MadeAgain {
  /** When it was written for the first time, epoch ms. */
  readonly firstAt: number;
  /** How many of its records are too many. */
  readonly copies: number;
}

/** By whose doing: who makes jobs of events and waits, or who delivers, writes waits, and moves jobs to the overflow. */
export interface AllMadeAgain {
  readonly byMakers: readonly MadeAgain[];
  readonly byDeliverers: readonly MadeAgain[];
}

type Witnesses = Pick<History, 'posts' | 'records'>;
type Groups = Rules['groups'];

/**
 * A job is made once of its event, and once of each wait for it; it moves to the overflow lane as often as it stands in
 * dispatch; it waits as often as the attempt before was made. The records of long waits are left out: these are put back
 * to the end of their topic in each round.
 */
export function madeAgain({ posts, records }: Witnesses, groups: Groups): AllMadeAgain {
  const readBy = ({ topic }: Reader): JobRecord[] => records.filter((record) => record.topic === topic);
  const inDispatch = groupBy(readBy(groups.delivery), madeName);
  const waits = readBy(groups.retry);
  const waitsOf = groupBy(waits, madeName);
  const isLong = new Set(readBy(groups.retryLong).map(madeName));
  const postsOf = groupBy(posts, attemptName);
  /** How often the attempt was made that this one follows; at least once, also where no request was ever seen of it. */
  const asked = (record: JobRecord): number => Math.max(1, postsOf.get(attemptName(before(record)))?.length ?? 0);
  const owed = (name: string, record: JobRecord): number =>
    Math.max(1, (waitsOf.get(name)?.length ?? 0) + (isLong.has(name) ? asked(record) : 0));

  const moved = [...groupBy(readBy(groups.overflow), madeName)].map(([name, copies]) => {
    const [first] = copies as [JobRecord];
    const standing = inDispatch.get(name)?.length ?? 0;
    return {
      isMove: isFirst(first) || standing > 0,
      again: beyond(copies, Math.max(owed(name, first), standing)),
    };
  });
  return {
    byMakers: [
      ...[...inDispatch].map(([name, copies]) => beyond(copies, owed(name, copies[0] as JobRecord))),
      ...moved.filter(({ isMove }) => !isMove).map(({ again }) => again),
    ].flat(),
    byDeliverers: [
      ...moved.filter(({ isMove }) => isMove).map(({ again }) => again),
      ...[...groupBy(waits, askedName).values()].map((copies) => beyond(copies, asked(copies[0] as JobRecord))),
    ].flat(),
  };
}

/** The attempt of which it is the consequence: what its endpoint asked to wait for is the same one again. */
function before({ jobId, attempt, postponed }: JobRecord): Pick<Post, 'jobId' | 'attempt'> {
  return { jobId, attempt: postponed > 0 ? attempt : attempt - 1 };
}

function beyond(copies: readonly JobRecord[], owed: number): MadeAgain[] {
  if (copies.length <= owed) return [];
  return [{ firstAt: Math.min(...copies.map(({ at }) => at)), copies: copies.length - owed }];
}
