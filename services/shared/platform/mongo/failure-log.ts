import type { Collection, Db } from 'mongodb';
import type { FailureEntry } from '../../core/failure-log.js';
import { toFailureDocument, type FailureDocument } from './failure-document.js';
import { insertNew, settledBy } from './unordered-write.js';
import { WriteBatcher, type Settled } from '../process/write-batcher.js';

export interface FailureLogOptions {
  readonly db: Db;
  /** How long an entry is kept; "logs expire (30 days default)". */
  readonly retentionMs: number;
}

/**
 * "Every failed attempt is logged": the durable log that comes before the commit.
 *
 * Entries that come within 200 ms go in one unordered insert, acknowledged by a majority. The attempt id is the
 * document's id, so a second append of the same attempt (a redelivered record, a caller that tries again) changes
 * nothing. When MongoDB is away the callers get a DependencyError and try again: nothing is kept
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
      maxDelayMs: 200,
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

  /** Entries that the server refused fail alone. */
  async #write(entries: readonly FailureEntry[]): Promise<readonly Settled<void>[]> {
    const documents = entries.map((entry) => toFailureDocument(entry, this.#retentionMs));
    const refused = await insertNew('writing the failure log', this.#entries, documents);
    return settledBy('writing the failure log', entries, refused);
  }
}

/** What an entry weighs in a batch, near enough: its two bodies and some fields. */
function roughBytes({ request, response }: FailureEntry): number {
  return 2_000 + request.body.length + (response?.body.length ?? 0);
}
