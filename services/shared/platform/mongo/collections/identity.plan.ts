import { DATE, ID, TEXT, exactly, type CollectionPlan } from './collection-plan.js';

const SHA256 = { bsonType: 'string', minLength: 43, maxLength: 43 };

/** API tokens that a company may have at a time: slots, and a unique index over them, as with webhooks. */
export const TOKEN_SLOTS = 20;

/** People who sign in here; the platform's own users where admin.authentication is jwt are not among them. */
export const USERS_PLAN: CollectionPlan = {
  name: 'users',
  schema: exactly({
    _id: ID,
    companyId: ID,
    email: { bsonType: 'string', minLength: 3, maxLength: 254 },
    name: TEXT,
    role: ID,
    passwordHash: { bsonType: 'string', pattern: '^\\$argon2id\\$' },
    disabled: { bsonType: 'bool' },
    createdAt: DATE,
    updatedAt: DATE,
  }),
  indexes: [
    { name: 'company', key: { companyId: 1, _id: 1 } },
    { name: 'email', key: { email: 1 }, unique: true },
  ],
};

/** Sessions by the SHA-256 of what the cookie holds: a stolen database signs nobody in. */
export const SESSIONS_PLAN: CollectionPlan = {
  name: 'sessions',
  schema: exactly({ _id: SHA256, companyId: ID, userId: ID, csrfToken: ID, createdAt: DATE, expiresAt: DATE }),
  indexes: [
    { name: 'company_user', key: { companyId: 1, userId: 1 } },
    { name: 'expiry', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
  ],
};

export const API_TOKENS_PLAN: CollectionPlan = {
  name: 'api_tokens',
  schema: exactly({
    _id: ID,
    companyId: ID,
    slot: { bsonType: 'int', minimum: 0, maximum: TOKEN_SLOTS - 1 },
    hash: SHA256,
    name: TEXT,
    createdBy: TEXT,
    createdAt: DATE,
    expiresAt: DATE,
    lastUsedAt: { bsonType: ['date', 'null'] },
  }),
  indexes: [
    { name: 'company_slot', key: { companyId: 1, slot: 1 }, unique: true },
    { name: 'expiry', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
  ],
};

/** Failed sign-ins by account and by address, forgotten after a quiet day. */
export const SIGN_IN_ATTEMPTS_PLAN: CollectionPlan = {
  name: 'sign_in_attempts',
  schema: exactly({
    _id: ID,
    failures: { bsonType: 'int', minimum: 0 },
    blockedUntil: DATE,
    expiresAt: DATE,
  }),
  indexes: [{ name: 'expiry', key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
};
