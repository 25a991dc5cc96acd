import type { Db } from 'mongodb';
import type { WrappedDataKey } from '../crypto/key-ring.js';
import type { DataKeyStore, WrappedDataKeys } from '../crypto/vault.js';
import { isDuplicateKey, onMongo } from './mongo-errors.js';
import { TickBatch } from './tick-batch.js';

/** What a document of `companies` says of data keys. */
export interface DataKeyFields {
  readonly _id: string;
  readonly dataKey?: WrappedDataKey;
  /** What `dataKey` took the place of; there while something may still be sealed with it. */
  readonly previousDataKey?: WrappedDataKey;
  /** When `dataKey` took the place of another, by the clock of MongoDB. */
  readonly dataKeyRenewedAt?: Date;
}

export const DATA_KEY_FIELDS = { dataKey: 1, previousDataKey: 1, dataKeyRenewedAt: 1 } as const;

/** Undefined when the company has no data key. */
export function dataKeysOf({ dataKey, previousDataKey }: DataKeyFields): WrappedDataKeys | undefined {
  return dataKey && { current: dataKey, previous: previousDataKey };
}

/** Keeps each company's wrapped data keys on its document in `companies`, which is made when it doesn't exist yet. */
export function companyDataKeys(db: Db): DataKeyStore {
  const companies = db.collection<DataKeyFields & { readonly createdAt: Date }>('companies', { promoteBuffers: true });

  const finds = new TickBatch<WrappedDataKeys>(async (companyIds) => {
    const found = await onMongo('reading data keys', () =>
      companies.find({ _id: { $in: [...companyIds] } }, { projection: DATA_KEY_FIELDS }).toArray(),
    );
    return new Map(
      found.flatMap((company) => {
        const keys = dataKeysOf(company);
        return keys === undefined ? [] : [[company._id, keys] as const];
      }),
    );
  });

  /** One atomic update decides which of two racers' keys the company gets; the loser uses the winner's. */
  async function claim(companyId: string, wrapped: WrappedDataKey): Promise<WrappedDataKeys> {
    const dataKey = { $ifNull: ['$dataKey', { $literal: wrapped }] };
    const createdAt = { $ifNull: ['$createdAt', '$$NOW'] };
    const found = await onMongo('storing a data key', () =>
      companies.findOneAndUpdate({ _id: companyId }, [{ $set: { dataKey, createdAt } }], {
        upsert: true,
        returnDocument: 'after',
        projection: DATA_KEY_FIELDS,
      }),
    );
    return (found && dataKeysOf(found)) ?? { current: wrapped };
  }

  return {
    find: (companyId) => finds.get(companyId),
    createIfAbsent: async (companyId, wrapped) => {
      try {
        return await claim(companyId, wrapped);
      } catch (error) {
        // Two upserts of a new company at once: one of them finds the document of the other and must look again.
        if (isDuplicateKey(error)) return await claim(companyId, wrapped);
        throw error;
      }
    },
  };
}
