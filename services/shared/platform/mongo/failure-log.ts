import { MongoBulkWriteError, type AnyBulkWriteOperation, type Collection, type Db } from 'mongodb';
import { DependencyError, InvariantError } from '../../core/errors.js';
import type { FailureEntry } from '../../core/failure-log.js';
import { toFailureDocument, type FailureDocument } from './failure-document.js';
import { isAway, isAwayCode, translateMongoError } from './mongo-errors.js';
import { WriteBatcher, type Settled } from '../process/write-batcher.js';

export interface FailureLogOptions {
  readonly db: Db;
  /** How long an entry is kept; "logs expire (30 days default)". */
  readonly retentionMs: number;
}

const DUPLICATE_KEY = 11_000;

/**
 * "Every failed attempt is logged": the durable log that comes before any retry or commit.
 *
 * Entries that come within 20 ms go in one unordered bulk write, acknowledged by a majority. The attempt id is the
 * document's id and only an insert writes, so a second append of the same attempt (a redelivered record, a caller that
 * tries again) changes nothing. When MongoDB is away the callers get a DependencyError and try again: nothing is kept
 * here that nobody waits for.
 */
export class FailureLog {
  readonly #entries: Collection<FailureDocument>;
  readonly #retentionMs: number;
  readonly #batcher: WriteBatcher<FailureEntry, void>;

  constructor({ db, retentionMs }: FailureLogOptions) {
    this.#entries = db.collection<FailureDocument>('failure_log');
    this.#retentionMs = retentionMs;
    this.#batcher = new WriteBatcher<FailureEntry, void>({
      write: (entries) => this.#write(entries),
      maxDelayMs: 20,
      maxItems: 500,
      maxBytes: 4 * 1024 * 1024,
      bytesOf: roughBytes,
      maxUnderWay: 4,
    });
  }

  /** Resolves when the entry is durable. @throws DependencyError when MongoDB is away */
  append(entry: FailureEntry): Promise<void> {
    return this.#batcher.add(entry);
  }

  /** Waits until every append was answered. */
  close(): Promise<void> {
    return this.#batcher.close();
  }

  async #write(entries: readonly FailureEntry[]): Promise<readonly Settled<void>[]> {
    const operations = entries.map((entry) => this.#upsertOf(entry));
    try {
      await this.#entries.bulkWrite(operations, { ordered: false });
      return entries.map(() => ({ kind: 'done', result: undefined }));
    } catch (error) {
      if (isAway(error) || !(error instanceof MongoBulkWriteError))
        throw translateMongoError('writing the failure log', error);
      return this.#settle(entries, error);
    }
  }

  #upsertOf(entry: FailureEntry): AnyBulkWriteOperation<FailureDocument> {
    const { _id, companyId, ...rest } = toFailureDocument(entry, this.#retentionMs);
    return { updateOne: { filter: { _id, companyId }, update: { $setOnInsert: rest }, upsert: true } };
  }

  /** Entries that the server refused fail alone. One that another process inserted at the same instant is written. */
  #settle(entries: readonly FailureEntry[], error: MongoBulkWriteError): readonly Settled<void>[] {
    const refused = new Map([error.writeErrors].flat().map((fault) => [fault.index, fault]));
    return entries.map((_, index) => {
      const fault = refused.get(index);
      if (fault === undefined || fault.code === DUPLICATE_KEY) return { kind: 'done', result: undefined };
      return { kind: 'failed', error: refusal(fault.code) };
    });
  }
}

/** Says nothing of the entry: the driver's own error quotes the whole document, customers' data included. */
function refusal(code: number): Error {
  if (isAwayCode(code)) return new DependencyError('mongodb', `failed while writing a failure entry (code ${code})`);
  return new InvariantError(`MongoDB refused a failure entry (code ${code})`);
}

/** What an entry weighs in a batch, near enough: its two bodies and some fields. */
function roughBytes({ request, response }: FailureEntry): number {
  return 2_000 + request.body.length + (response?.body.length ?? 0);
}
