import type { CommitSample, History, Place, Produced, Reader } from '../history.js';
import { violations, type Violation } from './violation.js';

/** Records that expired before their group had read them, by partition. */
export type Unread = ReadonlyMap<number, number>;

/** `left`: the oldest places that are left. What the group had committed it had read; it must have been stopped. */
export function unreadOf(left: readonly Place[], commits: readonly CommitSample[], { id, topic }: Reader): Unread {
  const ours = commits.filter((sample) => sample.group === id && sample.topic === topic);
  const committed = (partition: number): number =>
    ours.findLast((sample) => sample.partition === partition)?.offset ?? 0;
  return new Map(
    left
      .filter((place) => place.topic === topic)
      .map(({ partition, offset }) => [partition, Math.max(0, offset - committed(partition))]),
  );
}

/** What expired unread is no debt; but no event more than that may be missing. */
export function withoutExpired(history: History, unread: Unread): History {
  const posted = new Set(history.posts.map(({ eventId }) => eventId));
  const isMissing = ({ acked, eventId }: Produced): boolean =>
    acked && !history.stored.has(eventId) && !posted.has(eventId);
  const missing = history.produced.filter(isMissing).map(({ eventId }) => eventId);
  const forgiven = new Set(missing.slice(0, total(unread)));
  const stored = new Map(history.stored);
  for (const eventId of posted) stored.set(eventId, stored.get(eventId) ?? 1);
  return { ...history, produced: history.produced.filter(({ eventId }) => !forgiven.has(eventId)), stored };
}

/** `told`: the partitions of which the process said that records had expired. */
export function findUntold(unread: Unread, told: readonly number[]): Violation[] {
  const lost = [...unread].filter(([, records]) => records > 0).map(([partition]) => partition);
  return [
    ...violations(
      'I1',
      'a loss that nobody tells of',
      lost.filter((partition) => !told.includes(partition)).map(String),
    ),
    ...violations('I1', 'a loss that was none', told.filter((partition) => !lost.includes(partition)).map(String)),
    ...violations('I1', 'nothing expired', lost.length === 0 ? ['unread'] : []),
  ];
}

export function total(unread: Unread): number {
  return [...unread.values()].reduce((sum, records) => sum + records, 0);
}
