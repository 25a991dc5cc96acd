import type { EventType } from './vocabulary.js';

/** First digit of the response status, or `none` when no response came. The analysts' coarse filter. */
export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'none';

/**
 * What followed a failed attempt. `held`: the webhook is Failed, the next attempt waits for its recovery. `dropped`: no
 * attempt was made and none will be, because more was held for the webhook than the bounds allow.
 */
export type FollowUp =
  { readonly kind: 'retry'; readonly at: number } | { readonly kind: 'exhausted' | 'held' | 'dropped' };

/**
 * One failed attempt, as the failure log keeps it: the request with its secrets masked, the response, the cause in
 * plain words, the attempt number and what follows (PRODUCT.md, "Every failed attempt is logged").
 */
export interface FailureEntry {
  /** `attemptIdOf(job)`: writing an entry twice leaves one. */
  readonly attemptId: string;
  readonly jobId: string;
  readonly webhookId: string;
  readonly companyId: string;
  readonly eventId: string;
  readonly eventType: EventType;
  readonly conversationId: string;
  /** 1-based. */
  readonly attempt: number;
  /** Epoch ms at which the attempt ended. */
  readonly at: number;
  readonly durationMs: number;
  readonly request: {
    readonly method: 'POST';
    /** With the values of its query masked. */
    readonly url: string;
    /** With the values of secrets masked. */
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** Null when no response came. */
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** The first 16 KiB, as text. */
    readonly body: string;
    readonly bodyTruncated: boolean;
  } | null;
  readonly statusClass: StatusClass;
  readonly cause: { readonly kind: string; readonly text: string };
  readonly followUp: FollowUp;
}
