import type { Status } from './vocabulary.js';

/** How a request proves to the endpoint who sends it (PRODUCT.md, "A webhook"). Secrets are in clear here. */
export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'api-key'; readonly placement: 'header' | 'query'; readonly name: string; readonly value: string };

/** An additional header; the value may be empty. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** One failed attempt that counts towards Failed. */
export interface CountedFailure {
  /** `attemptIdOf(job)`: makes counting idempotent. */
  readonly attemptId: string;
  /** When the attempt ended, epoch milliseconds. */
  readonly at: number;
}

/**
 * A webhook as delivery sees it: the registered endpoint with its secrets opened, as it is *now*.
 * It lives in memory only and is never logged or published: what travels in Kafka are ids.
 */
export interface Webhook {
  readonly id: string;
  readonly companyId: string;
  readonly url: string;
  readonly authentication: Authentication;
  readonly headers: readonly Header[];
  readonly status: Status;
  /** Failures since the last success, oldest first, at most the threshold. */
  readonly failures: readonly CountedFailure[];
  /** Attempts that began before this instant (epoch ms) don't count: the webhook was enabled or edited then. */
  readonly countsFrom: number;
  /** Rises with every change by a person; tells in logs which state an attempt used. */
  readonly version: number;
}

/** A webhook whose stored secrets can't be opened: a fault of ours that concerns this webhook alone. */
export interface UnreadableWebhook {
  readonly id: string;
  readonly unreadable: string;
}
