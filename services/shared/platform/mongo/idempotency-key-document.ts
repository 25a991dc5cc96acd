import type { ObjectId } from 'mongodb';
import type { Sealed } from '../crypto/vault.js';

/** How an Idempotency-Key is stored in `idempotency_keys`. */
export interface IdempotencyKeyDocument {
  readonly _id?: ObjectId;
  readonly companyId: string;
  readonly key: string;
  /** Sealed: it is made of secrets that may be short. */
  readonly digest: Sealed;
  readonly webhookId: string;
  readonly expiresAt: Date;
}

/** The field that the digest is bound to. */
export const DIGEST = 'idempotency.digest';
