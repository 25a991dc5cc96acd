import type { History } from '../history.js';
import { partitionOf } from './committed-at.js';
import { violations, type Violation } from './violation.js';

/** A time in which too few replicas are there for anything to be acknowledged, epoch ms. */
export interface Unacknowledged {
  readonly from: number;
  /** When the first replica was given back. */
  readonly to: number;
}

/** For answers that were on their way when it began. */
const ON_ITS_WAY_MS = 1_000;

/** What was acknowledged in that time, and commits that were written in it and could be read before it was over. */
export function findTaken(
  { produced, commits }: Pick<History, 'produced' | 'commits'>,
  { from, to }: Unacknowledged,
): Violation[] {
  const begun = from + ON_ITS_WAY_MS;
  const acknowledged = produced.filter(({ acked, knownAt }) => acked && knownAt > begun && knownAt < to);
  const committed = commits.filter(({ at, seenAt }) => at > begun && seenAt < to);
  return [
    ...violations(
      'I1',
      'an event acknowledged by too few replicas',
      acknowledged.map(({ eventId, knownAt }) => `${eventId} after ${knownAt - from} ms`),
    ),
    ...violations(
      'I12',
      'a commit taken by too few replicas',
      committed.map(
        (sample) => `${sample.group} ${partitionOf(sample)} to ${sample.offset} after ${sample.at - from} ms`,
      ),
    ),
  ];
}
