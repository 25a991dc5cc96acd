import type { SourcePosition } from './vocabulary.js';

/**
 * What to do with a Kafka record. `done` and `skip` let the offset go; `park` sends the record to the dead-letter
 * topic first. What is broken on our side is not a verdict but a DependencyError: nothing is committed then.
 */
export type Verdict = { readonly kind: 'done' } | { readonly kind: 'skip'; readonly reason: SkipReason } | Park;

/** A record that can never succeed. */
export interface Park {
  readonly kind: 'park';
  readonly reason: ParkReason;
  /** One sentence for whoever reads the dead letter; holds no payload and no secret. */
  readonly detail: string;
}

export type SkipReason = 'unknown-event-type' | 'tombstone';

export type ParkReason = 'undecodable' | 'contract-broken' | 'too-large';

/** The record of webhooks.dead-letter: what was parked, why, and where it came from. */
export interface DeadLetter {
  readonly reason: ParkReason;
  readonly detail: string;
  readonly service: string;
  readonly source: SourcePosition;
  /** Epoch ms. */
  readonly parkedAt: number;
  /** Key of the original record; null where it had none. */
  readonly key: Buffer | null;
  /** Value of the original record, cut where it is too large to be produced again. */
  readonly value: Buffer | null;
  /** Whether `value` was cut. */
  readonly truncated: boolean;
}
