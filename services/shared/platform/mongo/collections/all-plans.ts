import { CIPHERTEXT, DATE, ID, TEXT, atLeast, exactly, type CollectionPlan } from './collection-plan.js';
import { AUDIT_LOG_PLAN } from './audit-log.plan.js';
import { FAILURE_LOG_PLAN } from './failure-log.plan.js';
import { HELD_DELIVERIES_PLAN, RECOVERIES_PLAN } from './held-deliveries.plan.js';
import { IDEMPOTENCY_KEYS_PLAN } from './idempotency-keys.plan.js';
import { API_TOKENS_PLAN, SESSIONS_PLAN, SIGN_IN_ATTEMPTS_PLAN, USERS_PLAN } from './identity.plan.js';
import { KNOWN_SCHEMAS_PLAN } from './known-schemas.plan.js';
import { WEBHOOK_STATS_PLAN } from './webhook-stats.plan.js';
import { WEBHOOKS_PLAN } from './webhooks.plan.js';

const DATA_KEY = exactly({ id: ID, ...CIPHERTEXT });

const COMPANIES_PLAN: CollectionPlan = {
  name: 'companies',
  schema: {
    ...atLeast({ _id: ID, createdAt: DATE }),
    properties: {
      _id: ID,
      createdAt: DATE,
      name: TEXT,
      dataKey: DATA_KEY,
      previousDataKey: DATA_KEY,
      dataKeyRenewedAt: DATE,
    },
  },
  indexes: [],
};

/** The renewal of data keys that is under way: one document, or none. */
const KEY_RENEWALS_PLAN: CollectionPlan = {
  name: 'key_renewals',
  schema: exactly({ _id: { enum: ['data-keys'] }, startedAt: DATE }),
  indexes: [],
};

/** Every collection of the system. */
export const ALL_PLANS: readonly CollectionPlan[] = [
  COMPANIES_PLAN,
  USERS_PLAN,
  SESSIONS_PLAN,
  API_TOKENS_PLAN,
  SIGN_IN_ATTEMPTS_PLAN,
  WEBHOOKS_PLAN,
  FAILURE_LOG_PLAN,
  HELD_DELIVERIES_PLAN,
  RECOVERIES_PLAN,
  WEBHOOK_STATS_PLAN,
  AUDIT_LOG_PLAN,
  IDEMPOTENCY_KEYS_PLAN,
  KEY_RENEWALS_PLAN,
  KNOWN_SCHEMAS_PLAN,
];
