import { EVENT_TYPES } from '../../../core/vocabulary.js';
import { CIPHERTEXT, DATE, ID, TEXT, exactly, type CollectionPlan } from './collection-plan.js';

/** "At most 10 webhooks per company, also when requests race": ten slots, and a unique index over them. */
export const WEBHOOK_SLOTS = 10;

const SEALED = exactly(CIPHERTEXT);

const AUTHENTICATION = {
  oneOf: [
    exactly({ kind: { enum: ['none'] } }),
    exactly({ kind: { enum: ['basic'] }, username: TEXT, password: SEALED }),
    exactly({ kind: { enum: ['api-key'] }, placement: { enum: ['header', 'query'] }, name: TEXT, value: SEALED }),
  ],
};

const CIRCUIT = exactly(
  {
    openedAt: DATE,
    probes: { bsonType: 'int', minimum: 0 },
    nextProbeAt: DATE,
    /** Written by earlier versions, and read by none. */
    leaseUntil: { bsonType: ['date', 'null'] },
  },
  ['leaseUntil'],
);

export const WEBHOOKS_PLAN: CollectionPlan = {
  name: 'webhooks',
  schema: exactly(
    {
      _id: ID,
      companyId: ID,
      slot: { bsonType: 'int', minimum: 0, maximum: WEBHOOK_SLOTS - 1 },
      url: { bsonType: 'string', pattern: '^https?://', maxLength: 2048 },
      authentication: AUTHENTICATION,
      headers: { bsonType: 'array', maxItems: 10, items: exactly({ name: ID, value: SEALED }) },
      events: { bsonType: 'array', minItems: 1, uniqueItems: true, items: { enum: [...EVENT_TYPES] } },
      status: { enum: ['active', 'inactive', 'failed'] },
      statusReason: { bsonType: ['string', 'null'] },
      statusChangedAt: DATE,
      failures: { bsonType: 'array', maxItems: 1_000, items: exactly({ attemptId: ID, at: DATE }) },
      circuit: { oneOf: [{ bsonType: 'null' }, CIRCUIT] },
      countsFrom: DATE,
      version: { bsonType: 'int', minimum: 1 },
      createdAt: DATE,
      updatedAt: DATE,
    },
    ['circuit'],
  ),
  indexes: [{ name: 'company_slot', key: { companyId: 1, slot: 1 }, unique: true }],
};
