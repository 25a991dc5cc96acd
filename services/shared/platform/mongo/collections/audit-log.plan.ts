import { DATE, ID, TEXT, exactly, type CollectionPlan } from './collection-plan.js';

const FIELDS = { bsonType: ['object', 'null'] };

/** Who did what, and when. Nothing in it expires by itself: how long it must be kept is the operator's duty to know. */
export const AUDIT_LOG_PLAN: CollectionPlan = {
  name: 'audit_log',
  schema: exactly({
    _id: ID,
    companyId: ID,
    at: DATE,
    actor: exactly({ kind: { enum: ['user', 'token'] }, id: ID, name: TEXT }),
    action: ID,
    webhookId: { bsonType: ['string', 'null'] },
    before: FIELDS,
    after: FIELDS,
    requestId: ID,
  }),
  indexes: [
    { name: 'company_at', key: { companyId: 1, at: -1, _id: -1 } },
    { name: 'company_webhook_at', key: { companyId: 1, webhookId: 1, at: -1, _id: -1 } },
  ],
};
