import { EVENT_TYPES } from '../../../core/vocabulary.js';
import { DATE, ID, TEXT, exactly, type CollectionPlan } from './collection-plan.js';

const HEADERS = { bsonType: 'array', items: exactly({ name: TEXT, value: TEXT }) };

const REQUEST = exactly({ method: { enum: ['POST'] }, url: TEXT, headers: HEADERS, body: TEXT });

const RESPONSE = exactly({
  status: { bsonType: 'int', minimum: 100, maximum: 999 },
  headers: HEADERS,
  body: TEXT,
  bodyTruncated: { bsonType: 'bool' },
});

const FOLLOW_UP = {
  oneOf: [
    exactly({ kind: { enum: ['retry'] }, at: DATE }),
    exactly({ kind: { enum: ['exhausted', 'held', 'dropped'] } }),
  ],
};

/** "Every failed attempt is logged"; "logs expire". The indexes answer the console and the analysts. */
export const FAILURE_LOG_PLAN: CollectionPlan = {
  name: 'failure_log',
  schema: exactly({
    _id: ID,
    jobId: ID,
    webhookId: ID,
    companyId: ID,
    eventId: TEXT,
    eventType: { enum: [...EVENT_TYPES] },
    conversationId: TEXT,
    attempt: { bsonType: 'int', minimum: 1 },
    at: DATE,
    durationMs: { bsonType: 'number', minimum: 0 },
    request: REQUEST,
    response: { oneOf: [{ bsonType: 'null' }, RESPONSE] },
    statusClass: { enum: ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] },
    cause: exactly({ kind: TEXT, text: TEXT }),
    followUp: FOLLOW_UP,
    expiresAt: DATE,
  }),
  indexes: [
    { name: 'expiry', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
    { name: 'company_at', key: { companyId: 1, at: -1 } },
    { name: 'company_webhook_at', key: { companyId: 1, webhookId: 1, at: -1, _id: -1 } },
    { name: 'company_status_class_at', key: { companyId: 1, statusClass: 1, at: -1 } },
    { name: 'company_event_type_at', key: { companyId: 1, eventType: 1, at: -1 } },
    // The list by class, by type and by both: failure-log-reader.ts.
    {
      name: 'company_webhook_class_type_at',
      key: { companyId: 1, webhookId: 1, statusClass: 1, eventType: 1, at: -1, _id: -1 },
    },
    // The webhook comes last, so that analysts find an event at all webhooks, and the attempts at one in order.
    { name: 'company_event', key: { companyId: 1, eventId: 1, at: -1, _id: -1, webhookId: 1 } },
  ],
};
