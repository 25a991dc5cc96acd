import type { Db } from 'mongodb';
import type { WrappedDataKey } from '../crypto/key-ring.js';
import type { DataKeyStore } from '../crypto/vault.js';
import { isDuplicateKey, onMongo } from './mongo-errors.js';
import { TickBatch } from './tick-batch.js';

interface CompanyDocument {
  readonly _id: string;
  readonly createdAt: Date;
  readonly dataKey?: WrappedDataKey;
}

/** Keeps each company's wrapped data key on its document in `companies`, which is made when it doesn't exist yet. */
export function companyDataKeys(db: Db): DataKeyStore {
  const companies = db.collection<CompanyDocument>('companies', { promoteBuffers: true });

  const finds = new TickBatch<WrappedDataKey>(async (companyIds) => {
    const found = await onMongo('reading data keys', () =>
      companies.find({ _id: { $in: [...companyIds] } }, { projection: { dataKey: 1 } }).toArray(),
    );
    return new Map(found.flatMap(({ _id, dataKey }) => (dataKey === undefined ? [] : [[_id, dataKey] as const])));
  });

  /** One atomic update decides which of two racers' keys the company gets; the loser uses the winner's. */
  async function claim(companyId: string, wrapped: WrappedDataKey): Promise<WrappedDataKey> {
    const dataKey = { $ifNull: ['$dataKey', { $literal: wrapped }] };
    const createdAt = { $ifNull: ['$createdAt', '$$NOW'] };
    const found = await onMongo('storing a data key', () =>
      companies.findOneAndUpdate({ _id: companyId }, [{ $set: { dataKey, createdAt } }], {
        upsert: true,
        returnDocument: 'after',
        projection: { dataKey: 1 },
      }),
    );
    return found?.dataKey ?? wrapped;
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
