import { randomBytes } from 'node:crypto';
import type { Collection, Db, Filter } from 'mongodb';
import { InvariantError } from '../../core/errors.js';
import type { Vault } from '../crypto/vault.js';
import { WEBHOOK_SLOTS } from './collections/webhooks.plan.js';
import { sealEndpoint } from './endpoint-secrets.js';
import { isDuplicateKey, onMongo } from './mongo-errors.js';
import type { RecoveryDocument } from './recovery-document.js';
import type { Endpoint, WebhookDocument } from './webhook-document.js';

/**
 * The webhooks of companies, as their Owners change them. Every filter names the company: an id alone reaches nothing.
 * Delivery never writes through here; it counts in webhook-status.ts.
 */
export interface WebhookStoreOptions {
  readonly db: Db;
  readonly vault: Vault;
}

/** Names a webhook together with the company that it must belong to. */
export interface WebhookRef {
  readonly companyId: string;
  readonly webhookId: string;
}

export type InsertResult =
  { readonly kind: 'inserted'; readonly webhookId: string } | { readonly kind: 'limit-reached' };

/** Each of them means a racer that took the slot first; with ten slots and people typing, two are many. */
const INSERT_TRIES = 50;

export class WebhookStore {
  readonly #webhooks: Collection<WebhookDocument>;
  readonly #recoveries: Collection<RecoveryDocument>;
  readonly #vault: Vault;

  constructor({ db, vault }: WebhookStoreOptions) {
    this.#webhooks = db.collection<WebhookDocument>('webhooks', { promoteBuffers: true });
    this.#recoveries = db.collection<RecoveryDocument>('recoveries');
    this.#vault = vault;
  }

  /** Registers an endpoint, Active. Refused when the company has ten, also when requests race. */
  async insertWebhook(companyId: string, endpoint: Endpoint, now: Date): Promise<InsertResult> {
    const webhookId = `wh_${randomBytes(12).toString('base64url')}`;
    const document = await this.#newDocument(companyId, webhookId, endpoint, now);
    for (let tries = 1; tries <= INSERT_TRIES; tries += 1) {
      const slot = await this.#freeSlot(companyId);
      if (slot === undefined) return { kind: 'limit-reached' };
      if (await this.#insert({ ...document, slot })) return { kind: 'inserted', webhookId };
    }
    throw new InvariantError(`no free slot was found in ${INSERT_TRIES} tries although the company has fewer than ten`);
  }

  /** The documents of those pairs that exist, in no order. */
  async findWebhooks(refs: readonly WebhookRef[]): Promise<WebhookDocument[]> {
    const asked = new Set(refs.map(({ companyId, webhookId }) => JSON.stringify([companyId, webhookId])));
    const companyIds = [...new Set(refs.map(({ companyId }) => companyId))];
    const webhookIds = [...new Set(refs.map(({ webhookId }) => webhookId))];
    const filter: Filter<WebhookDocument> = { companyId: { $in: companyIds }, _id: { $in: webhookIds } };
    const found = await onMongo('reading webhooks', () => this.#webhooks.find(filter).toArray());
    return found.filter(({ companyId, _id }) => asked.has(JSON.stringify([companyId, _id])));
  }

  /**
   * Enables or disables; the counter starts anew and the circuit is closed either way. What was held follows at once,
   * or, while Inactive, is discarded. False when there is no such webhook.
   */
  async setStatus(ref: WebhookRef, status: 'active' | 'inactive', now: Date): Promise<boolean> {
    const fields = { status, statusReason: null, statusChangedAt: now, circuit: null };
    const changed = await this.#change(ref, fields, now);
    if (changed) await this.#lookAtHeld(ref, now);
    return changed;
  }

  /**
   * Replaces what was registered. The counter starts anew, the status stays: a Failed webhook is probed at once, and
   * becomes Active with its next success or when it is enabled. False when there is no such webhook.
   */
  async replaceEndpoint(ref: WebhookRef, endpoint: Endpoint, now: Date): Promise<boolean> {
    const sealed = await sealEndpoint(this.#vault, ref.companyId, ref.webhookId, endpoint);
    const changed = await this.#change(ref, { url: endpoint.url, events: [...endpoint.events], ...sealed }, now);
    if (!changed) return false;
    await this.#probeNow(ref, now);
    await this.#lookAtHeld(ref, now);
    return true;
  }

  /** Irreversible. False when there is no such webhook. */
  async deleteWebhook({ companyId, webhookId }: WebhookRef): Promise<boolean> {
    const result = await onMongo('deleting a webhook', () => this.#webhooks.deleteOne({ companyId, _id: webhookId }));
    if (result.deletedCount === 1) await this.#lookAtHeld({ companyId, webhookId }, new Date());
    return result.deletedCount === 1;
  }

  /** What fails was fixed, perhaps: the pause before the next probe begins anew, with none. */
  async #probeNow({ companyId, webhookId }: WebhookRef, now: Date): Promise<void> {
    await onMongo('asking for a probe', () =>
      this.#webhooks.updateOne(
        { companyId, _id: webhookId, status: 'failed', circuit: { $ne: null } },
        { $set: { 'circuit.probes': 0, 'circuit.nextProbeAt': now } },
      ),
    );
  }

  /** Lets a delivery process look at what is held; should this not be written, it looks when the next probe is due. */
  async #lookAtHeld({ companyId, webhookId }: WebhookRef, now: Date): Promise<void> {
    await onMongo('asking for a recovery', () =>
      this.#recoveries.updateOne({ companyId, _id: webhookId }, { $set: { dueAt: now }, $inc: { pokes: 1 } }),
    );
  }

  /** A change by a person: the counter starts anew and the version rises. */
  async #change({ companyId, webhookId }: WebhookRef, fields: Partial<WebhookDocument>, now: Date): Promise<boolean> {
    const result = await onMongo('changing a webhook', () =>
      this.#webhooks.updateOne(
        { companyId, _id: webhookId },
        { $set: { ...fields, failures: [], countsFrom: now, updatedAt: now }, $inc: { version: 1 } },
      ),
    );
    return result.matchedCount === 1;
  }

  async #newDocument(companyId: string, webhookId: string, endpoint: Endpoint, now: Date) {
    return {
      _id: webhookId,
      companyId,
      url: endpoint.url,
      events: [...endpoint.events],
      ...(await sealEndpoint(this.#vault, companyId, webhookId, endpoint)),
      status: 'active' as const,
      statusReason: null,
      statusChangedAt: now,
      failures: [],
      circuit: null,
      countsFrom: now,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
  }

  async #freeSlot(companyId: string): Promise<number | undefined> {
    const taken = await onMongo('reading the slots of a company', () =>
      this.#webhooks.find({ companyId }, { projection: { slot: 1 } }).toArray(),
    );
    const slots = new Set(taken.map(({ slot }) => slot));
    for (let slot = 0; slot < WEBHOOK_SLOTS; slot += 1) if (!slots.has(slot)) return slot;
    return undefined;
  }

  /** False when a racer took the slot: the unique index decides. */
  async #insert(document: WebhookDocument): Promise<boolean> {
    try {
      await onMongo('storing a webhook', () => this.#webhooks.insertOne(document));
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
