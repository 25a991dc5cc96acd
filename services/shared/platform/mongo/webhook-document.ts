import type { Circuit } from '../../core/circuit.js';
import type { Authentication, Header } from '../../core/webhook.js';
import type { EventType, Status } from '../../core/vocabulary.js';
import type { Sealed } from '../crypto/vault.js';

/** How a webhook is stored in `webhooks`: secrets sealed, instants as dates. */
export interface WebhookDocument {
  readonly _id: string;
  readonly companyId: string;
  /** 0 to 9, unique within the company: what holds the limit of ten when requests race. */
  readonly slot: number;
  readonly url: string;
  readonly authentication: SealedAuthentication;
  readonly headers: readonly SealedHeader[];
  readonly events: readonly EventType[];
  readonly status: Status;
  /** Why the status is what it is, for the console; null when there is nothing to explain. */
  readonly statusReason: string | null;
  readonly statusChangedAt: Date;
  readonly failures: readonly StoredFailure[];
  /** Not null while Failed; absent in documents that are older than the circuit, which counts as null. */
  readonly circuit?: StoredCircuit | null;
  readonly countsFrom: Date;
  readonly version: number;
  readonly createdAt: Date;
  /** Of the last change by a person. */
  readonly updatedAt: Date;
}

export interface StoredFailure {
  readonly attemptId: string;
  readonly at: Date;
}

/** The circuit of core/circuit.ts. */
export interface StoredCircuit {
  readonly openedAt: Date;
  /** Probes that have failed so far. */
  readonly probes: number;
  /** With nothing held by then, the next event is the probe. */
  readonly nextProbeAt: Date;
}

export function toCircuit(stored: StoredCircuit | null | undefined): Circuit | null {
  if (stored === null || stored === undefined) return null;
  const { openedAt, probes, nextProbeAt } = stored;
  return { openedAt: openedAt.getTime(), probes, nextProbeAt: nextProbeAt.getTime() };
}

export type SealedAuthentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: Sealed }
  | { readonly kind: 'api-key'; readonly placement: 'header' | 'query'; readonly name: string; readonly value: Sealed };

export interface SealedHeader {
  readonly name: string;
  readonly value: Sealed;
}

/** What an Owner registers, secrets in clear: checked by the caller, sealed before it is stored. */
export interface Endpoint {
  readonly url: string;
  readonly authentication: Authentication;
  readonly headers: readonly Header[];
  readonly events: readonly EventType[];
}
