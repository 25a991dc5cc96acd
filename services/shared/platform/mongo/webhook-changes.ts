import type { ClientSession, Collection, Db } from 'mongodb';
import { InvariantError } from '../../core/errors.js';
import type { Vault } from '../crypto/vault.js';
import type { AuditLog, AuditRecord } from './audit-log.js';
import { DIGEST, type IdempotencyKeyDocument } from './idempotency-key-document.js';
import { isDuplicateKey, onMongo } from './mongo-errors.js';
import { inTransaction } from './transaction.js';
import type { Endpoint } from './webhook-document.js';
import { Turns } from '../process/turns.js';
import { newWebhookId, type NewWebhook, type WebhookRef, type WebhookStore } from './webhooks.js';

/**
 * Changes of webhooks by people and programs: each is one transaction of the change, its entry in the audit log and,
 * for a creation, its Idempotency-Key. So nothing that happened is missing from the log, nothing in the log didn't
 * happen, and a process that dies between claiming a key and creating the webhook leaves neither. A change names the
 * version that it was made from; MongoDB decides whether that is still the one.
 */
export interface WebhookChangesOptions {
  readonly db: Db;
  readonly vault: Vault;
  readonly store: WebhookStore;
  readonly audit: AuditLog;
}

/** A creation that may be repeated: `digest` tells whether it is the same one. */
export interface Idempotency {
  readonly key: string;
  readonly digest: string;
}

export type CreateResult =
  | { readonly kind: 'created'; readonly webhook: NewWebhook }
  /** The key created this webhook before; `same` tells whether from the same input. */
  | { readonly kind: 'known-key'; readonly webhookId: string; readonly same: boolean }
  | { readonly kind: 'limit-reached' };

/** `stale`: the webhook has another version by now, or is gone. */
export type ChangeResult = 'changed' | 'stale';

/** What was done, as the audit log tells it; the webhook's id is added here. */
export type AuditOf = Omit<AuditRecord, 'webhookId'>;

const KEY_TTL_MS = 24 * 3_600_000;
/** Each means a racer that was first, of whom at most ten can be by taking slots. */
const CREATE_TRIES = 50;

export class WebhookChanges {
  readonly #options: WebhookChangesOptions;
  readonly #keys: Collection<IdempotencyKeyDocument>;
  /** Creations of one company: side by side they would conflict over the same few slots. */
  readonly #creations = new Turns();

  constructor(options: WebhookChangesOptions) {
    this.#options = options;
    this.#keys = options.db.collection<IdempotencyKeyDocument>('idempotency_keys', { promoteBuffers: true });
  }

  /** Which webhook this key created within the last day; undefined when it is new. @throws DependencyError */
  async findKey(
    companyId: string,
    { key, digest }: Idempotency,
  ): Promise<Extract<CreateResult, { kind: 'known-key' }> | undefined> {
    const known = await onMongo('looking for an idempotency key', () => this.#keys.findOne({ companyId, key }));
    if (known === null) return undefined;
    const { webhookId } = known;
    const same = (await this.#options.vault.open(companyId, webhookId, DIGEST, known.digest)) === digest;
    return { kind: 'known-key', webhookId, same };
  }

  /** Registers an endpoint, Active. @throws DependencyError; repeating it under one key is safe */
  async create(endpoint: Endpoint, audit: AuditOf, idempotency?: Idempotency): Promise<CreateResult> {
    const { companyId, at } = audit;
    const { store, vault } = this.#options;
    const webhookId = newWebhookId();
    const document = await store.newDocument(companyId, webhookId, endpoint, at);
    const claim = idempotency && {
      companyId,
      key: idempotency.key,
      digest: await vault.seal(companyId, webhookId, DIGEST, idempotency.digest),
      webhookId,
      expiresAt: new Date(at.getTime() + KEY_TTL_MS),
    };
    return this.#creations.take(companyId, () => this.#create(document, audit, claim, idempotency));
  }

  async #create(
    document: NewWebhook,
    audit: AuditOf,
    claim: IdempotencyKeyDocument | undefined,
    idempotency: Idempotency | undefined,
  ): Promise<CreateResult> {
    const { companyId } = document;
    for (let tries = 1; tries <= CREATE_TRIES; tries += 1) {
      const known = idempotency && (await this.findKey(companyId, idempotency));
      if (known !== undefined) return known;
      try {
        if (await this.#insert(document, audit, claim)) return { kind: 'created', webhook: document };
        // Of racers with one key, the one that filled the last slot is this very creation.
        return (idempotency && (await this.findKey(companyId, idempotency))) ?? { kind: 'limit-reached' };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
    throw new InvariantError(`a webhook could not be created in ${CREATE_TRIES} tries`);
  }

  /** False when the company has as many webhooks as it may have; looked at before a transaction is begun for it. */
  async #insert(document: NewWebhook, audit: AuditOf, claim: IdempotencyKeyDocument | undefined): Promise<boolean> {
    const { db, store } = this.#options;
    if (!(await store.hasFreeSlot(document.companyId))) return false;
    const result = await inTransaction('creating a webhook', db, async (session) => {
      // A copy: the driver adds an id to what it inserts.
      if (claim !== undefined) await this.#keys.insertOne({ ...claim }, { session });
      const inserted = await store.insertInto(document, { session });
      if (inserted === 'inserted') await this.#record(audit, document._id, session);
      // Ending it by hand takes the claim back: a key of a refused creation may be used again.
      else await session.abortTransaction();
      return inserted;
    });
    return result === 'inserted';
  }

  replace(ref: WebhookRef, version: number, endpoint: Endpoint, audit: AuditOf): Promise<ChangeResult> {
    return this.#change('replacing a webhook', ref, audit, (session) =>
      this.#options.store.replaceEndpoint(ref, endpoint, audit.at, { version, session }),
    );
  }

  setStatus(ref: WebhookRef, version: number, status: 'active' | 'inactive', audit: AuditOf): Promise<ChangeResult> {
    return this.#change('switching a webhook', ref, audit, (session) =>
      this.#options.store.setStatus(ref, status, audit.at, { version, session }),
    );
  }

  delete(ref: WebhookRef, version: number, audit: AuditOf): Promise<ChangeResult> {
    return this.#change('deleting a webhook', ref, audit, (session) =>
      this.#options.store.deleteWebhook(ref, { version, session }),
    );
  }

  async #change(
    doing: string,
    { webhookId }: WebhookRef,
    audit: AuditOf,
    change: (session: ClientSession) => Promise<boolean>,
  ): Promise<ChangeResult> {
    return inTransaction(doing, this.#options.db, async (session) => {
      if (!(await change(session))) return 'stale';
      await this.#record(audit, webhookId, session);
      return 'changed';
    });
  }

  #record(audit: AuditOf, webhookId: string, session: ClientSession): Promise<void> {
    return this.#options.audit.record({ ...audit, webhookId }, { session });
  }
}
