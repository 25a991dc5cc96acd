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

export function recordOf(stored: StoredEntry): FailureRecord {
  const { request, response } = stored;
  return {
    ...summaryOf(stored),
    conversationId: stored.conversationId,
    request: { ...request, headers: [...request.headers] },
    response: response === null ? null : { ...response, headers: [...response.headers] },
  };
}
