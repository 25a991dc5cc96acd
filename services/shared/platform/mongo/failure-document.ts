import type { FailureEntry, StatusClass } from '../../core/failure-log.js';
import type { EventType } from '../../core/vocabulary.js';

/**
 * How a failure entry is stored in `failure_log`. Headers are a list of pairs: a response may name a header `$where`,
 * `a.b` or `__proto__`, which must never become a field name.
 */
export interface FailureDocument {
  /** The attempt id. */
  readonly _id: string;
  readonly jobId: string;
  readonly webhookId: string;
  readonly companyId: string;
  readonly eventId: string;
  readonly eventType: EventType;
  readonly conversationId: string;
  readonly attempt: number;
  readonly at: Date;
  readonly durationMs: number;
  readonly request: {
    readonly method: 'POST';
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
  readonly statusClass: StatusClass;
  readonly cause: { readonly kind: string; readonly text: string };
  readonly followUp:
    { readonly kind: 'retry'; readonly at: Date } | { readonly kind: 'exhausted' | 'held' | 'dropped' };
  /** When the server deletes it. */
  readonly expiresAt: Date;
}

interface StoredHeader {
  readonly name: string;
  readonly value: string;
}

/** The document of an entry that is kept for `retentionMs` after the attempt. */
export function toFailureDocument(entry: FailureEntry, retentionMs: number): FailureDocument {
  const { attemptId, at, request, response, followUp } = entry;
  return {
    _id: attemptId,
    jobId: entry.jobId,
    webhookId: entry.webhookId,
    companyId: entry.companyId,
    eventId: entry.eventId,
    eventType: entry.eventType,
    conversationId: entry.conversationId,
    attempt: entry.attempt,
    at: new Date(at),
    durationMs: entry.durationMs,
    request: { ...request, headers: pairsOf(request.headers) },
    response: response === null ? null : { ...response, headers: pairsOf(response.headers) },
    statusClass: entry.statusClass,
    cause: { kind: entry.cause.kind, text: entry.cause.text },
    followUp: followUp.kind === 'retry' ? { kind: 'retry', at: new Date(followUp.at) } : { kind: followUp.kind },
    expiresAt: new Date(at + retentionMs),
  };
}

function pairsOf(headers: Readonly<Record<string, string>>): StoredHeader[] {
  return Object.entries(headers).map(([name, value]) => ({ name, value }));
}
