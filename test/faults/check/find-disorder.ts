import type { History, Rules } from '../history.js';
import { expectedJobs } from './expected-jobs.js';
import { violations, type Violation } from './violation.js';
import { groupBy } from './group-by.js';

/**
 * I4: for each webhook, the first attempts of a conversation's events begin in the order of its sequence. Doubles come
 * later and don't matter: an event counts when it arrives for the first time. What was held comes after live traffic, and
 * is left out. A conversation of which a job left for the overflow lane may lose its order to a fault: which
 * conversations left is known to the process that sent them alone.
 */
export function findDisorder(history: History, { groups }: Pick<Rules, 'groups'>): Violation[] {
  const left = new Set(
    history.records.filter(({ topic }) => topic === groups.overflow.topic).map(({ jobId }) => jobId),
  );
  const firstAt = new Map<string, number>();
  for (const { jobId, attempt, arrivedAt } of history.posts)
    if (attempt === 1) firstAt.set(jobId, Math.min(arrivedAt, firstAt.get(jobId) ?? Infinity));
  const conversations = groupBy(
    expectedJobs(history).filter(
      ({ jobId, event }) => event.sequence !== null && firstAt.has(jobId) && !history.everHeld.has(jobId),
    ),
    ({ webhookId, event }) => `${webhookId} ${event.conversationId}`,
  );
  const disordered = [...conversations].filter(([, jobs]) => {
    if (history.faults.length > 0 && jobs.some(({ jobId }) => left.has(jobId))) return false;
    const inOrder = jobs.toSorted((one, other) => (one.event.sequence ?? 0) - (other.event.sequence ?? 0));
    return inOrder.some((job, index) => {
      const before = inOrder[index - 1];
      return before !== undefined && (firstAt.get(job.jobId) ?? 0) < (firstAt.get(before.jobId) ?? 0);
    });
  });
  return violations(
    'I4',
    'a conversation out of order',
    disordered.map(([name]) => name),
  );
}
