import type { Db } from 'mongodb';
import { isDuplicateKey, onMongo } from './mongo-errors.js';

interface CompanyDocument {
  readonly _id: string;
  readonly createdAt: Date;
  /** Absent where nobody named it: its id is shown then. */
  readonly name?: string;
}

/** Names of companies. A company may have webhooks without having been created here. */
export class CompanyStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  get #companies() {
    return this.#db.collection<CompanyDocument>('companies');
  }

  /** Gives the company its name, unless it has one already. @throws DependencyError */
  async create(companyId: string, name: string, now: Date): Promise<'created' | 'exists'> {
    try {
      const { matchedCount, upsertedCount } = await onMongo('creating a company', () =>
        this.#companies.updateOne(
          { _id: companyId, name: { $exists: false } },
          { $set: { name }, $setOnInsert: { createdAt: now } },
          { upsert: true },
        ),
      );
      return matchedCount + upsertedCount > 0 ? 'created' : 'exists';
    } catch (error) {
      if (isDuplicateKey(error)) return 'exists';
      throw error;
    }
  }

  /** The name, or the id where there is none. @throws DependencyError */
  async nameOf(companyId: string): Promise<string> {
    const found = await onMongo('reading a company', () =>
      this.#companies.findOne({ _id: companyId }, { projection: { name: 1 } }),
    );
    return found?.name ?? companyId;
  }

  async exists(companyId: string): Promise<boolean> {
    const found = await onMongo('reading a company', () =>
      this.#companies.findOne({ _id: companyId }, { projection: { _id: 1 } }),
    );
    return found !== null;
  }
}
