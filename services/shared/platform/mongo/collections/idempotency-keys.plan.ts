import { CIPHERTEXT, DATE, ID, exactly, type CollectionPlan } from './collection-plan.js';

/** Which webhook a creation under an Idempotency-Key made; forgotten after a day. */
export const IDEMPOTENCY_KEYS_PLAN: CollectionPlan = {
  name: 'idempotency_keys',
  schema: exactly({
    _id: { bsonType: 'objectId' },
    companyId: ID,
    key: ID,
    digest: exactly(CIPHERTEXT),
    webhookId: ID,
    expiresAt: DATE,
  }),
  indexes: [
    { name: 'expiry', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
    { name: 'company_key', key: { companyId: 1, key: 1 }, unique: true },
  ],
};
