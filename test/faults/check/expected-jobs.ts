import { jobIdOf } from '../../../services/shared/core/job.js';
import type { History, Produced, Rules } from '../history.js';
import { groupBy } from './group-by.js';

/** A delivery that is owed: an event that Kafka has, for a webhook that selected it. */
export interface ExpectedJob {
  readonly jobId: string;
  readonly webhookId: string;
  readonly event: Produced;
}

type Facts = Pick<History, 'produced' | 'stored' | 'subscriptions'>;

/** Owed is what was acknowledged, and what was not but stands in the topic all the same. */
export function expectedJobs({ produced, stored, subscriptions }: Facts): ExpectedJob[] {
  return produced
    .filter(({ acked, eventId }) => acked || stored.has(eventId))
    .flatMap((event) =>
      subscriptions
        .filter(({ companyId, events }) => companyId === event.companyId && events.includes(event.eventType))
        .map(({ webhookId }) => ({ jobId: jobIdOf(event.companyId, event.eventId, webhookId), webhookId, event })),
    );
}

export function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** Whether the webhook's endpoint is well by plan: whatever it fails, the next attempt or the one after it succeeds. */
export function isWell(webhookId: string, { sick, givingUp }: Pick<Rules, 'sick' | 'givingUp'>): boolean {
  return !givingUp.has(webhookId) && !sick.has(webhookId);
}

/** The items by their job, in their order. */
export function byJob<T extends { readonly jobId: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  return groupBy(items, ({ jobId }) => jobId);
}
