import type { ClientSession, Collection, Db } from 'mongodb';
import type { Vault } from '../crypto/vault.js';
import type { AuditLog, AuditRecord } from './audit-log.js';
import { DIGEST, type IdempotencyKeyDocument } from './idempotency-key-document.js';
import { onMongo } from './mongo-errors.js';
import { inTransaction } from './transaction.js';
import type { Endpoint } from './webhook-document.js';
import { WebhookCreations } from './webhook-creations.js';
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
  /** Told of each webhook that is deleted here. */
  readonly onDeleted: (ref: WebhookRef) => void;
}

/** A creation that may be repeated: `digest` tells whether it is the same one. */
export interface Idempotency {
  readonly key: string;
  readonly digest: string;
}

type KnownKey = Extract<CreateResult, { kind: 'known-key' }>;

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

export class WebhookChanges {
  readonly #options: WebhookChangesOptions;
  readonly #keys: Collection<IdempotencyKeyDocument>;
  readonly #creations: WebhookCreations;

  constructor(options: WebhookChangesOptions) {
    this.#options = options;
    this.#keys = options.db.collection<IdempotencyKeyDocument>('idempotency_keys', { promoteBuffers: true });
    this.#creations = new WebhookCreations(options.db, options.audit);
  }

  /** Which webhook this key created within the last day; undefined when it is new. @throws DependencyError */
  async findKey(companyId: string, { key, digest }: Idempotency): Promise<KnownKey | undefined> {
    const known = await onMongo('looking for an idempotency key', () => this.#keys.findOne({ companyId, key }));
    return known === null ? undefined : this.#known(known, digest);
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
    const record = { ...audit, webhookId };
    const result = await this.#creations.create({ document, audit: record, claim });
    if (result.kind === 'limit-reached') return result;
    if (result.kind === 'created') return { kind: 'created', webhook: document };
    return this.#known(result.known, idempotency?.digest);
  }

  async #known({ companyId, webhookId, digest }: IdempotencyKeyDocument, asked: string | undefined): Promise<KnownKey> {
    const same = (await this.#options.vault.open(companyId, webhookId, DIGEST, digest)) === asked;
    return { kind: 'known-key', webhookId, same };
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

  async delete(ref: WebhookRef, version: number, audit: AuditOf): Promise<ChangeResult> {
    const result = await this.#change('deleting a webhook', ref, audit, (session) =>
      this.#options.store.deleteWebhook(ref, { version, session }),
    );
    if (result === 'changed') this.#options.onDeleted(ref);
    return result;
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
