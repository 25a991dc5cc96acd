import { randomBytes, randomInt } from 'node:crypto';
import type { Collection, Db, Filter } from 'mongodb';
import { InvariantError } from '../../core/errors.js';
import type { Vault } from '../crypto/vault.js';
import { planCreations } from './creation-plan.js';
import { sealEndpoint } from './endpoint-secrets.js';
import { isDuplicateKey, onMongo } from './mongo-errors.js';
import { dueFirst, type RecoveryDocument } from './recovery-document.js';
import { within, type Within } from './transaction.js';
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

/** A change may be part of a transaction, and may hold only for the version that it was made from. */
export interface ChangeOptions extends Within {
  readonly version?: number;
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
    const webhookId = newWebhookId();
    const document = await this.newDocument(companyId, webhookId, endpoint, now);
    for (let tries = 1; tries <= INSERT_TRIES; tries += 1) {
      const result = await this.#insert(document);
      if (result !== 'slot-taken') return result === 'inserted' ? { kind: result, webhookId } : { kind: result };
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
  async setStatus(
    ref: WebhookRef,
    status: 'active' | 'inactive',
    now: Date,
    options: ChangeOptions = {},
  ): Promise<boolean> {
    const fields = { status, statusReason: null, statusChangedAt: now, circuit: null };
    const changed = await this.#change(ref, fields, now, options);
    if (changed) await this.#lookAtHeld(ref, now, options);
    return changed;
  }

  /**
   * Replaces what was registered. The counter starts anew, the status stays: a Failed webhook is probed at once, and
   * becomes Active with its next success or when it is enabled. False when there is no such webhook.
   */
  async replaceEndpoint(ref: WebhookRef, endpoint: Endpoint, now: Date, options: ChangeOptions = {}): Promise<boolean> {
    const sealed = await sealEndpoint(this.#vault, ref.companyId, ref.webhookId, endpoint);
    const fields = { url: endpoint.url, events: [...endpoint.events], ...sealed };
    if (!(await this.#change(ref, fields, now, options))) return false;
    await this.#probeNow(ref, now, options);
    await this.#lookAtHeld(ref, now, options);
    return true;
  }

  /** Irreversible. False when there is no such webhook. */
  async deleteWebhook({ companyId, webhookId }: WebhookRef, options: ChangeOptions = {}): Promise<boolean> {
    const filter = { companyId, _id: webhookId, ...versionOf(options) };
    const result = await within('deleting a webhook', options, () =>
      this.#webhooks.deleteOne(filter, sessionOf(options)),
    );
    if (result.deletedCount === 1) await this.#lookAtHeld({ companyId, webhookId }, new Date(), options);
    return result.deletedCount === 1;
  }

  /** What fails was fixed, perhaps: the pause before the next probe begins anew, with none. */
  async #probeNow({ companyId, webhookId }: WebhookRef, now: Date, options: Within): Promise<void> {
    await within('asking for a probe', options, () =>
      this.#webhooks.updateOne(
        { companyId, _id: webhookId, status: 'failed', circuit: { $ne: null } },
        { $set: { 'circuit.probes': 0, 'circuit.nextProbeAt': now } },
        sessionOf(options),
      ),
    );
  }

  /** Lets a delivery process look at what is held; should this not be written, it looks when the next probe is due. */
  async #lookAtHeld({ companyId, webhookId }: WebhookRef, now: Date, options: Within): Promise<void> {
    await within('asking for a recovery', options, () =>
      this.#recoveries.updateOne(
        { companyId, _id: webhookId },
        { $set: { dueAt: dueFirst(now) }, $inc: { pokes: 1 } },
        sessionOf(options),
      ),
    );
  }

  /** A change by a person: the counter starts anew and the version rises. */
  async #change(
    { companyId, webhookId }: WebhookRef,
    fields: Partial<WebhookDocument>,
    now: Date,
    options: ChangeOptions,
  ): Promise<boolean> {
    const result = await within('changing a webhook', options, () =>
      this.#webhooks.updateOne(
        { companyId, _id: webhookId, ...versionOf(options) },
        { $set: { ...fields, failures: [], countsFrom: now, updatedAt: now }, $inc: { version: 1 } },
        sessionOf(options),
      ),
    );
    return result.matchedCount === 1;
  }

  /** A webhook before it has its slot. @throws DependencyError when its secrets can't be sealed just now */
  async newDocument(companyId: string, webhookId: string, endpoint: Endpoint, now: Date): Promise<NewWebhook> {
    return {
      _id: webhookId,
      companyId,
      url: endpoint.url,
      events: [...endpoint.events],
      ...(await sealEndpoint(this.#vault, companyId, webhookId, endpoint)),
      status: 'active',
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

  /** `slot-taken`: a racer was first; the unique index decides. */
  async #insert(document: NewWebhook): Promise<'inserted' | 'limit-reached' | 'slot-taken'> {
    const { companyId } = document;
    const slots = await onMongo('reading the slots of a company', () =>
      this.#webhooks.find({ companyId }, { projection: { companyId: 1, slot: 1 } }).toArray(),
    );
    const [step] = planCreations([{ companyId, claim: undefined }], { slots, keys: [] }, randomInt);
    if (step?.kind !== 'insert') return 'limit-reached';
    try {
      await onMongo('storing a webhook', () => this.#webhooks.insertOne({ ...document, slot: step.slot }));
      return 'inserted';
    } catch (error) {
      if (isDuplicateKey(error)) return 'slot-taken';
      throw error;
    }
  }
}

export type NewWebhook = Omit<WebhookDocument, 'slot'>;

export function newWebhookId(): string {
  return `wh_${randomBytes(12).toString('base64url')}`;
}

function versionOf({ version }: ChangeOptions): { version?: number } {
  return version === undefined ? {} : { version };
}

function sessionOf({ session }: Within): Within {
  return session === undefined ? {} : { session };
}
