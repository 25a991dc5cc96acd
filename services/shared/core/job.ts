import { hash } from 'node:crypto';
import type { Event } from './event.js';
import type { EventType, Lane, SourcePosition } from './vocabulary.js';

/**
 * A job: one event on its way to one webhook, the record of webhooks.dispatch, webhooks.overflow and webhooks.retry-3s.
 *
 * It carries ids, not secrets: URL and credentials are read from the webhook as it is when the attempt is made, so a
 * delete, disable or edit takes effect on retries too. A retry is the same job with attempt + 1 and a notBefore.
 */
export interface Job {
  /** `webhook-id`: one per event and webhook, the same on every attempt. */
  readonly jobId: string;
  readonly webhookId: string;
  readonly companyId: string;
  readonly eventId: string;
  readonly eventType: EventType;
  readonly conversationId: string;
  /** 1-based: the attempt that this job asks for. */
  readonly attempt: number;
  /** Epoch ms before which the attempt must not be made; 0 for the first. */
  readonly notBefore: number;
  /** Epoch ms at which the pipeline's record was appended to its topic: the start of the end-to-end latency. */
  readonly receivedAt: number;
  readonly lane: Lane;
  readonly source: SourcePosition;
  /** The rendered JSON, sent byte for byte. */
  readonly body: Buffer;
  /** How often the endpoint asked to wait at this attempt, which was not used up. */
  readonly postponed: number;
}

/**
 * The `webhook-id` of an event for a webhook: derived, not drawn, so that a redelivered record gets the same one.
 * Free of dots, as Standard Webhooks demands, and safe in a header whatever characters a pipeline puts in its ids.
 */
export function jobIdOf(companyId: string, eventId: string, webhookId: string): string {
  const digest = hash('sha256', `${companyId}\n${eventId}\n${webhookId}`, 'base64url');
  return `msg_${digest.slice(0, 27)}`;
}

/** Names one attempt; the key of failure entries and of counting, so that a redelivery never counts twice. */
export function attemptIdOf({ jobId, attempt, postponed }: Pick<Job, 'jobId' | 'attempt' | 'postponed'>): string {
  return postponed === 0 ? `${jobId}:${attempt}` : `${jobId}:${attempt}+${postponed}`;
}

/** The Kafka key: events of one conversation for one webhook share a partition, hence a process and an order. */
export function jobKeyOf(job: Pick<Job, 'webhookId' | 'conversationId'>): string {
  return `${job.webhookId}:${job.conversationId}`;
}

/** The first job of an event for a webhook. `body` is rendered once per event and shared by its jobs. */
export function firstJob(
  event: Event,
  webhookId: string,
  body: Buffer,
  source: SourcePosition,
  receivedAt: number,
): Job {
  return {
    jobId: jobIdOf(event.companyId, event.eventId, webhookId),
    webhookId,
    companyId: event.companyId,
    eventId: event.eventId,
    eventType: event.eventType,
    conversationId: event.conversationId,
    attempt: 1,
    notBefore: 0,
    receivedAt,
    lane: 'dispatch',
    source,
    body,
    postponed: 0,
  };
}

/** The same job, asking for its next attempt not before `notBefore` (epoch ms). */
export function retryOf(job: Job, notBefore: number): Job {
  return { ...job, attempt: job.attempt + 1, postponed: 0, notBefore };
}

/** The same job, asking for the same attempt again not before `notBefore` (epoch ms): the endpoint asked to wait. */
export function postponed(job: Job, notBefore: number): Job {
  return { ...job, postponed: job.postponed + 1, notBefore };
}
