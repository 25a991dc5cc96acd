import type { Db } from 'mongodb';
import { KeyRing, type KeyEncryptionKey } from '../crypto/key-ring.js';
import { SealError } from '../crypto/seal-error.js';
import { DATA_KEY_FIELDS, type DataKeyFields } from './company-data-keys.js';
import { onMongo } from './mongo-errors.js';

/**
 * Puts every company's data keys, the current one and the previous one of a renewal, under the first configured
 * key-encryption key.
 *
 * Only the wrapping changes: a data key and all that is sealed with it stay as they are, so deliveries go on meanwhile
 * with whatever they hold in memory. Each company is one atomic compare-and-set; what isn't under the current key is
 * found by looking, so a run that was cut off is resumed by running again, and two runs at once do no harm. Every
 * process must know both keys before it runs, and the old one is taken out of the settings only after it.
 */
export interface RotationResult {
  readonly rewrapped: number;
  /** Changed by someone else meanwhile: the next run looks again. */
  readonly overtaken: number;
  /** Companies whose data key can't be unwrapped with the configured keys, and why. */
  readonly failed: readonly { readonly companyId: string; readonly reason: string }[];
}

export interface RotationOptions {
  readonly db: Db;
  readonly keys: readonly KeyEncryptionKey[];
  readonly onProgress?: (rewrapped: number) => void;
  readonly batchSize?: number;
}

const BATCH = 500;

const KEY_FIELDS = ['dataKey', 'previousDataKey'] as const;

/** @throws ConfigError when the keys can't be used, DependencyError when MongoDB is away */
export async function rotateDataKeys({ db, keys, onProgress, batchSize = BATCH }: RotationOptions) {
  const ring = new KeyRing(keys);
  const companies = db.collection<DataKeyFields>('companies', { promoteBuffers: true });
  const failed: { companyId: string; reason: string }[] = [];
  const isOther = KEY_FIELDS.map((field) => ({ [`${field}.kid`]: { $exists: true, $ne: ring.current } }));
  let [rewrapped, attempted, after] = [0, 0, ''];
  for (;;) {
    const batch = await onMongo('looking for data keys to rewrap', () =>
      companies
        .find({ _id: { $gt: after }, $or: isOther }, { projection: DATA_KEY_FIELDS })
        .sort({ _id: 1 })
        .limit(batchSize)
        .toArray(),
    );
    const last = batch.at(-1);
    if (last === undefined) break;
    after = last._id;
    const writes = batch.flatMap((company) => {
      try {
        return rewraps(ring, company);
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        failed.push({ companyId: company._id, reason: error.message });
        return [];
      }
    });
    attempted += writes.length;
    if (writes.length > 0)
      rewrapped += (await onMongo('rewrapping data keys', () => companies.bulkWrite(writes, { ordered: false })))
        .modifiedCount;
    onProgress?.(rewrapped);
  }
  return { rewrapped, overtaken: attempted - rewrapped, failed } satisfies RotationResult;
}

function rewraps(ring: KeyRing, company: DataKeyFields) {
  return KEY_FIELDS.flatMap((field) => {
    const wrapped = company[field];
    if (wrapped === undefined || wrapped.kid === ring.current) return [];
    const { id, kid, iv } = wrapped;
    const filter = { _id: company._id, [`${field}.id`]: id, [`${field}.kid`]: kid, [`${field}.iv`]: iv };
    return [{ updateOne: { filter, update: { $set: { [field]: ring.rewrap(company._id, wrapped) } } } }];
  });
}
