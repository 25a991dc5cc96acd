import { randomInt } from 'node:crypto';
import type { ClientSession, Collection, Db } from 'mongodb';
import { DependencyError, InvariantError } from '../../core/errors.js';
import { WriteBatcher, type Settled } from '../process/write-batcher.js';
import type { AuditLog, AuditRecord } from './audit-log.js';
import { planCreations, type CreationState, type CreationStep } from './creation-plan.js';
import type { IdempotencyKeyDocument } from './idempotency-key-document.js';
import { isDuplicateKey } from './mongo-errors.js';
import { inTransaction } from './transaction.js';
import type { WebhookDocument } from './webhook-document.js';
import type { NewWebhook } from './webhooks.js';

/** A webhook that is to be created, with what is written beside it. */
export interface Creation {
  readonly document: NewWebhook;
  readonly audit: AuditRecord;
  readonly claim: IdempotencyKeyDocument | undefined;
}

export type CreationResult =
  | { readonly kind: 'created' }
  | { readonly kind: 'limit-reached' }
  | { readonly kind: 'known-key'; readonly known: IdempotencyKeyDocument };

/** Most creations of one transaction: some 100 KB of documents. */
const MAX_TOGETHER = 100;
/** Each means a racer in another process that was first, of whom at most ten can be by taking slots. */
const TRIES = 50;

/**
 * Creations are written together: those that arrive while a transaction is on its way share the next one, with one
 * look at the slots of all their companies. So creations of this process never race for a slot, and many at a time
 * cost little more than one (a transaction is five commands, whatever it holds). When a transaction is refused, because
 * another process was first or because of one of its documents, each of its creations is written alone, and gets an
 * answer of its own.
 */
export class WebhookCreations {
  readonly #db: Db;
  readonly #audit: AuditLog;
  readonly #webhooks: Collection<WebhookDocument>;
  readonly #keys: Collection<IdempotencyKeyDocument>;
  readonly #batcher: WriteBatcher<Creation, CreationResult>;

  constructor(db: Db, audit: AuditLog) {
    this.#db = db;
    this.#audit = audit;
    this.#webhooks = db.collection<WebhookDocument>('webhooks');
    this.#keys = db.collection<IdempotencyKeyDocument>('idempotency_keys', { promoteBuffers: true });
    this.#batcher = new WriteBatcher({
      write: (creations) => this.#write(creations),
      maxDelayMs: 0,
      maxItems: MAX_TOGETHER,
      maxBytes: Infinity,
      bytesOf: () => 0,
      maxUnderWay: 1,
    });
  }

  /** @throws DependencyError when MongoDB is away; whether it was created is unknown then */
  create(creation: Creation): Promise<CreationResult> {
    return this.#batcher.add(creation);
  }

  async #write(creations: readonly Creation[]): Promise<Settled<CreationResult>[]> {
    try {
      const results = await this.#writeTogether(creations);
      return results.map((result) => ({ kind: 'done', result }));
    } catch (error) {
      if (error instanceof DependencyError) throw error;
    }
    const settled: Settled<CreationResult>[] = [];
    for (const creation of creations) settled.push(await this.#writeAlone(creation));
    return settled;
  }

  async #writeAlone(creation: Creation): Promise<Settled<CreationResult>> {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        const [result] = await this.#writeTogether([creation]);
        if (result !== undefined) return { kind: 'done', result };
      } catch (error) {
        if (!isDuplicateKey(error)) return { kind: 'failed', error };
      }
    }
    return { kind: 'failed', error: new InvariantError(`a webhook could not be created in ${TRIES} tries`) };
  }

  async #writeTogether(creations: readonly Creation[]): Promise<CreationResult[]> {
    const requests = creations.map(({ document: { companyId }, claim }) => ({ companyId, claim }));
    const steps = await inTransaction('creating webhooks', this.#db, async (session) => {
      const planned = planCreations(requests, await this.#state(creations, session), randomInt);
      if (planned.some(({ kind }) => kind === 'insert')) await this.#insert(creations, planned, session);
      else await session.abortTransaction();
      return planned;
    });
    return steps.map((step) => (step.kind === 'insert' ? { kind: 'created' } : step));
  }

  async #state(creations: readonly Creation[], session: ClientSession): Promise<CreationState> {
    const companyIds = [...new Set(creations.map(({ document }) => document.companyId))];
    const slots = await this.#webhooks
      .find({ companyId: { $in: companyIds } }, { projection: { _id: 0, companyId: 1, slot: 1 }, session })
      .batchSize(companyIds.length * 10 + 1)
      .toArray();
    const claims = creations.flatMap(({ claim }) => (claim === undefined ? [] : [claim]));
    if (claims.length === 0) return { slots, keys: [] };
    const asked = claims.map(({ companyId, key }) => ({ companyId, key }));
    return { slots, keys: await this.#keys.find({ $or: asked }, { session }).toArray() };
  }

  async #insert(creations: readonly Creation[], steps: readonly CreationStep[], session: ClientSession): Promise<void> {
    const inserted = creations.flatMap((creation, index) => {
      const step = steps[index];
      return step?.kind === 'insert' ? [{ ...creation, slot: step.slot }] : [];
    });
    // Copies: the driver adds an id to what it inserts.
    const claims = inserted.flatMap(({ claim }) => (claim === undefined ? [] : [{ ...claim }]));
    if (claims.length > 0) await this.#keys.insertMany(claims, { session });
    await this.#webhooks.insertMany(
      inserted.map(({ document, slot }) => ({ ...document, slot })),
      { session },
    );
    await this.#audit.recordAll(
      inserted.map(({ audit }) => audit),
      { session },
    );
  }
}
