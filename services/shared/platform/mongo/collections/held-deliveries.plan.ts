import { BYTES, DATE, ID, TEXT, exactly, type CollectionPlan } from './collection-plan.js';

const COUNT = { bsonType: ['int', 'long'] };

/**
 * What is held for Failed webhooks, and for webhooks that recover. The index gives the order of recovery and, because
 * it carries the bytes, what a webhook's held events come to without a look at them. There is no TTL: what exceeds the
 * age is dropped by us, with an entry in the failure log.
 */
export const HELD_DELIVERIES_PLAN: CollectionPlan = {
  name: 'held_deliveries',
  schema: exactly(
    {
      _id: ID,
      companyId: ID,
      webhookId: ID,
      jobId: ID,
      eventId: TEXT,
      eventType: ID,
      conversationId: TEXT,
      attempt: { bsonType: 'int', minimum: 1 },
      postponed: { bsonType: 'int', minimum: 1 },
      notBefore: DATE,
      receivedAt: DATE,
      position: { bsonType: 'number' },
      heldAt: DATE,
      bytes: { bsonType: 'int', minimum: 0 },
      body: BYTES,
      source: exactly({ topic: TEXT, partition: COUNT, offset: TEXT }),
      lane: { enum: ['dispatch', 'overflow'] },
      expiresAt: DATE,
    },
    ['postponed', 'notBefore'],
  ),
  indexes: [
    { name: 'company_webhook', key: { companyId: 1, webhookId: 1, receivedAt: 1, position: 1, _id: 1, bytes: 1 } },
  ],
};

/**
 * Which webhooks have held deliveries, when to look at them next, and which process is looking. The one index that
 * doesn't begin with the company: due work is found across companies, and handled by company from there on.
 */
export const RECOVERIES_PLAN: CollectionPlan = {
  name: 'recoveries',
  schema: exactly({
    _id: ID,
    companyId: ID,
    dueAt: DATE,
    holds: COUNT,
    pokes: COUNT,
    holder: { bsonType: ['string', 'null'] },
    leaseUntil: { bsonType: ['date', 'null'] },
  }),
  indexes: [{ name: 'due', key: { dueAt: 1 } }],
};
