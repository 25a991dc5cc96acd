import { randomBytes } from 'node:crypto';
import type { Collection, Db, Filter } from 'mongodb';
import { onMongo } from './mongo-errors.js';
import { within, type Within } from './transaction.js';

/**
 * Who did what, when, and what it changed. An entry is written in the transaction of its change: a change without its
 * entry, or an entry without its change, can't be. It is never altered. Secrets are masked by whoever writes it.
 */
export interface AuditRecord {
  readonly companyId: string;
  readonly at: Date;
  readonly actor: { readonly kind: 'user' | 'token'; readonly id: string; readonly name: string };
  readonly action: string;
  /** Null for what concerns no webhook. */
  readonly webhookId: string | null;
  /** The fields that changed, as they were and as they are; null where there was, or is, nothing. */
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  /** Names the request in the logs. */
  readonly requestId: string;
}

export interface StoredAuditRecord extends AuditRecord {
  readonly id: string;
}

/** The last entry of a page: the next one begins after it. */
export interface AuditPlace {
  readonly at: Date;
  readonly id: string;
}

export interface AuditPageOptions {
  readonly webhookId?: string;
  readonly after?: AuditPlace;
  readonly limit: number;
}

type AuditDocument = AuditRecord & { readonly _id: string };

export class AuditLog {
  readonly #entries: Collection<AuditDocument>;

  constructor(db: Db) {
    this.#entries = db.collection<AuditDocument>('audit_log');
  }

  /** @throws DependencyError when it stands alone and MongoDB is away */
  async record(entry: AuditRecord, options: Within = {}): Promise<void> {
    await within('writing the audit log', options, () => this.#entries.insertOne(documentOf(entry), options));
  }

  /** @throws DependencyError when they stand alone and MongoDB is away */
  async recordAll(entries: readonly AuditRecord[], options: Within = {}): Promise<void> {
    await within('writing the audit log', options, () => this.#entries.insertMany(entries.map(documentOf), options));
  }

  /** Newest first. What is written meanwhile stands before the place, and moves nothing. @throws DependencyError */
  async page(companyId: string, { webhookId, after, limit }: AuditPageOptions): Promise<StoredAuditRecord[]> {
    const filter: Filter<AuditDocument> = {
      companyId,
      ...(webhookId === undefined ? {} : { webhookId }),
      ...(after === undefined ? {} : { $or: [{ at: { $lt: after.at } }, { at: after.at, _id: { $lt: after.id } }] }),
    };
    const found = await onMongo('reading the audit log', () =>
      this.#entries.find(filter).sort({ at: -1, _id: -1 }).limit(limit).toArray(),
    );
    return found.map(({ _id, ...entry }) => ({ id: _id, ...entry }));
  }
}

function documentOf({ companyId, at, actor, action, webhookId, before, after, requestId }: AuditRecord): AuditDocument {
  const { kind, id, name } = actor;
  const _id = `aud_${randomBytes(12).toString('base64url')}`;
  return { _id, companyId, at, actor: { kind, id, name }, action, webhookId, before, after, requestId };
}
