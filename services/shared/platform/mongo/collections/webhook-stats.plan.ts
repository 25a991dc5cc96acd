import { DATE, ID, exactly, type CollectionPlan } from './collection-plan.js';

const COUNT = { bsonType: ['int', 'long'], minimum: 0 };

/** What attempts came to per webhook, minute or hour, and process. The index reads a window of one webhook, or of all. */
export const WEBHOOK_STATS_PLAN: CollectionPlan = {
  name: 'webhook_stats',
  schema: exactly(
    {
      _id: ID,
      companyId: ID,
      webhookId: ID,
      resolution: { enum: ['minute', 'hour'] },
      at: DATE,
      delivered: COUNT,
      failed: COUNT,
      latency: { bsonType: 'object', patternProperties: { '^[0-9]{1,2}$': COUNT }, additionalProperties: false },
      lastDeliveryAt: DATE,
      expiresAt: DATE,
    },
    ['latency', 'lastDeliveryAt'],
  ),
  indexes: [
    { name: 'expiry', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
    { name: 'company_webhook', key: { companyId: 1, webhookId: 1, resolution: 1, at: -1 } },
  ],
};
