import type { Collection, Db } from 'mongodb';
import { TOKEN_SLOTS } from './collections/identity.plan.js';
import { isDuplicateKey, onMongo } from './mongo-errors.js';
import { inTransaction, within, type Within } from './transaction.js';
import { Turns } from '../process/turns.js';

/** A company's API token as it is stored: of the token itself only the SHA-256. */
export interface StoredApiToken {
  /** The part of the token that names it; public. */
  readonly id: string;
  readonly companyId: string;
  readonly hash: string;
  readonly name: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
}

type TokenDocument = Omit<StoredApiToken, 'id'> & { readonly _id: string; readonly slot: number };

/** What else is written with a change, in its transaction. */
export type Alongside = (options: Required<Within>) => Promise<void>;

const USED_PRECISION_MS = 60_000;

export class ApiTokenStore {
  readonly #db: Db;
  readonly #tokens: Collection<TokenDocument>;
  /** Creations of one company: side by side they would conflict over the same slot, each of them again and again. */
  readonly #creations = new Turns();

  constructor(db: Db) {
    this.#db = db;
    this.#tokens = db.collection<TokenDocument>('api_tokens');
  }

  /** A query without a company: the token alone names it. Expired ones are not found. @throws DependencyError */
  async find(id: string, now: Date): Promise<StoredApiToken | undefined> {
    const found = await onMongo('reading an API token', () =>
      this.#tokens.findOne({ _id: id, expiresAt: { $gt: now } }),
    );
    return found === null ? undefined : toToken(found);
  }

  /** Newest first. @throws DependencyError */
  async list(companyId: string, now: Date): Promise<readonly StoredApiToken[]> {
    const found = await onMongo('listing API tokens', () =>
      this.#tokens
        .find({ companyId, expiresAt: { $gt: now } })
        .sort({ createdAt: -1, _id: 1 })
        .toArray(),
    );
    return found.map(toToken);
  }

  /**
   * Stores a token in a free slot; the unique index decides when creations race. Expired ones make room at once.
   * @throws DependencyError
   */
  create(token: StoredApiToken, alongside: Alongside): Promise<'created' | 'full'> {
    return this.#creations.take(token.companyId, () => this.#create(token, alongside));
  }

  async #create(token: StoredApiToken, alongside: Alongside): Promise<'created' | 'full'> {
    for (let tries = 0; tries <= TOKEN_SLOTS; tries += 1) {
      try {
        return await inTransaction('creating an API token', this.#db, async (session) => {
          const { companyId, createdAt } = token;
          await this.#tokens.deleteMany({ companyId, expiresAt: { $lte: createdAt } }, { session });
          const taken = await this.#tokens.find({ companyId }, { session, projection: { slot: 1 } }).toArray();
          const used = new Set(taken.map(({ slot }) => slot));
          const slot = Array.from({ length: TOKEN_SLOTS }, (_, index) => index).find((index) => !used.has(index));
          if (slot === undefined) return 'full';
          const { id, ...stored } = token;
          await this.#tokens.insertOne({ _id: id, slot, ...stored }, { session });
          await alongside({ session });
          return 'created';
        });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
    return 'full';
  }

  /** The token as it was; undefined when the company has no such token. @throws DependencyError */
  async revoke(
    companyId: string,
    id: string,
    alongside: (token: StoredApiToken, options: Required<Within>) => Promise<void>,
  ): Promise<StoredApiToken | undefined> {
    return inTransaction('revoking an API token', this.#db, async (session) => {
      const found = await this.#tokens.findOneAndDelete({ _id: id, companyId }, { session });
      if (found === null) return undefined;
      const token = toToken(found);
      await alongside(token, { session });
      return token;
    });
  }

  /** Notes that it was used, at most once a minute. @throws DependencyError */
  async touch({ companyId, id, lastUsedAt }: StoredApiToken, now: Date): Promise<void> {
    const before = new Date(now.getTime() - USED_PRECISION_MS);
    if (lastUsedAt !== null && lastUsedAt > before) return;
    await within('noting the use of an API token', {}, () =>
      this.#tokens.updateOne(
        { _id: id, companyId, $or: [{ lastUsedAt: null }, { lastUsedAt: { $lte: before } }] },
        { $set: { lastUsedAt: now } },
      ),
    );
  }
}

function toToken(document: TokenDocument): StoredApiToken {
  const { _id, companyId, hash, name, createdBy, createdAt, expiresAt, lastUsedAt } = document;
  return { id: _id, companyId, hash, name, createdBy, createdAt, expiresAt, lastUsedAt };
}
