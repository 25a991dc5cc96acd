import type { Collection, Db } from 'mongodb';
import { InvariantError } from '../../core/errors.js';
import { isDuplicateKey, onMongo } from './mongo-errors.js';

interface RenewalDocument {
  readonly _id: 'data-keys';
  readonly startedAt: Date;
}

/**
 * The renewal of data keys that is under way. Its beginning tells which companies are done: those that got their data
 * key later. A run that finds one joins it, so a run that was cut off is resumed by running again, and two at once
 * renew each company once.
 */
export class KeyRenewals {
  readonly #renewals: Collection<RenewalDocument>;

  constructor(db: Db) {
    this.#renewals = db.collection<RenewalDocument>('key_renewals');
  }

  /** The one that is under way, or a new one; its beginning by the clock of MongoDB. @throws DependencyError */
  async join(): Promise<Date> {
    try {
      return await this.#claim();
    } catch (error) {
      // Two at once that both insert it: the second one finds the first one's.
      if (isDuplicateKey(error)) return this.#claim();
      throw error;
    }
  }

  /** Ends this one; one that began later goes on. @throws DependencyError */
  async end(startedAt: Date): Promise<void> {
    await onMongo('ending a renewal of data keys', () => this.#renewals.deleteOne({ _id: 'data-keys', startedAt }));
  }

  async #claim(): Promise<Date> {
    const renewal = await onMongo('beginning a renewal of data keys', () =>
      this.#renewals.findOneAndUpdate(
        { _id: 'data-keys' },
        [{ $set: { startedAt: { $ifNull: ['$startedAt', '$$NOW'] } } }],
        { upsert: true, returnDocument: 'after' },
      ),
    );
    if (renewal === null) throw new InvariantError('an upsert returned no document');
    return renewal.startedAt;
  }
}
