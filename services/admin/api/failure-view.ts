import type { EventType } from '../../shared/core/vocabulary.js';
import type { FailureDetail, FailureSummary, StatusClass } from '../contract/failure.js';

/** Failure entries as they are stored, and as the API tells them. Secrets were masked before they were stored. */
export interface StoredSummary {
  readonly _id: string;
  readonly jobId: string;
  readonly eventId: string;
  readonly eventType: EventType;
  readonly attempt: number;
  readonly at: Date;
  readonly durationMs: number;
  readonly response: { readonly status: number } | null;
  readonly statusClass: StatusClass;
  readonly cause: { readonly kind: string; readonly text: string };
  readonly followUp:
    { readonly kind: 'retry'; readonly at: Date } | { readonly kind: 'exhausted' | 'held' | 'dropped' };
}

interface StoredHeader {
  readonly name: string;
  readonly value: string;
}

export interface StoredEntry extends StoredSummary {
  readonly conversationId: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly StoredHeader[];
    readonly body: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: readonly StoredHeader[];
    readonly body: string;
    readonly bodyTruncated: boolean;
  } | null;
}

/** An entry in full, by itself: what an export has of each. */
export type FailureRecord = Omit<FailureDetail, 'timeline'>;

export function summaryOf(stored: StoredSummary): FailureSummary {
  const { followUp } = stored;
  return {
    id: stored._id,
    deliveryId: stored.jobId,
    eventId: stored.eventId,
    eventType: stored.eventType,
    attempt: stored.attempt,
    at: stored.at.toISOString(),
    durationMs: stored.durationMs,
    status: stored.response?.status ?? null,
    statusClass: stored.statusClass,
    cause: { kind: stored.cause.kind, text: stored.cause.text },
    followUp: followUp.kind === 'retry' ? { kind: 'retry', at: followUp.at.toISOString() } : { kind: followUp.kind },
  };
}

/**
 * Written out, field by field: for an object that is spread and then gets more fields, V8 makes a hidden class anew each
 * time, of which an export of 100,000 entries left 90 MB for the collector.
 */
export function recordOf(stored: StoredEntry): FailureRecord {
  const { request, response } = stored;
  const { id, deliveryId, eventId, eventType, attempt, at, durationMs, status, statusClass, cause, followUp } =
    summaryOf(stored);
  return {
    id,
    deliveryId,
    eventId,
    eventType,
    attempt,
    at,
    durationMs,
    status,
    statusClass,
    cause,
    followUp,
    conversationId: stored.conversationId,
    request: { method: request.method, url: request.url, headers: copyOf(request.headers), body: request.body },
    response: response && {
      status: response.status,
      headers: copyOf(response.headers),
      body: response.body,
      bodyTruncated: response.bodyTruncated,
    },
  };
}

function copyOf(headers: readonly StoredHeader[]): { name: string; value: string }[] {
  return headers.map(({ name, value }) => ({ name, value }));
}
