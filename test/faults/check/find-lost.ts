import type { History, Rules } from '../history.js';
import { expectedJobs, isSuccess } from './expected-jobs.js';
import { violations, type Violation } from './violation.js';

/**
 * I1: every event that Kafka has, for every webhook that selected it, has come to an end that somebody can see: a 2xx at
 * the receiver, or a reason in the failure log or among the dead letters. What is still held has not.
 */
export interface Losses {
  readonly lost: number;
  readonly violations: readonly Violation[];
}

export function findLost(history: History, { sick }: Pick<Rules, 'sick'>): Losses {
  const { posts, entries, letters, held, produced, stored } = history;
  const ended = new Set<string>();
  for (const { jobId, status } of posts) if (isSuccess(status)) ended.add(jobId);
  for (const { jobId, followUp } of entries) if (followUp === 'exhausted' || followUp === 'dropped') ended.add(jobId);
  const parked = new Set(letters.map(({ eventId }) => eventId));
  const waiting = new Set(held.map(({ jobId }) => jobId));
  const expected = expectedJobs(history);
  const open = expected.filter(({ jobId, event }) => !ended.has(jobId) && !parked.has(event.eventId));
  const name = ({ jobId, event }: (typeof expected)[number]): string => `${event.eventId} as ${jobId}`;
  const lost = open.filter(({ jobId }) => !waiting.has(jobId));
  const stuck = open.filter(({ jobId, webhookId }) => waiting.has(jobId) && !sick.has(webhookId));
  const known = new Set(expected.map(({ jobId }) => jobId));
  const unexpected = posts.filter(({ jobId }) => !known.has(jobId));
  const vanished = produced.filter(({ acked, eventId }) => acked && !stored.has(eventId));
  return {
    lost: lost.length,
    violations: [
      ...violations('I1', 'without an end', lost.map(name)),
      ...violations('I1', 'still held', stuck.map(name)),
      ...violations(
        'I1',
        'received and never owed',
        unexpected.map(({ jobId, eventId }) => `${eventId} as ${jobId}`),
      ),
      ...violations(
        'I1',
        'acknowledged by Kafka and not in its topic',
        vanished.map(({ eventId }) => eventId),
      ),
    ],
  };
}
