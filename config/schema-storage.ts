import type { SettingTable } from './setting.js';

/** What is kept: in MongoDB, in memory, and under which keys. */
export const storageSchema = {
  mongodb: {
    uri: {
      doc: 'Connection string of MongoDB. It must be a replica set: change streams keep the caches fresh.',
      format: 'mongodb-uri',
      default: 'mongodb://localhost:27017/?replicaSet=rs0',
      env: 'MONGODB_URI',
      sensitive: true,
    },
    database: {
      doc: 'Name of our database.',
      format: 'database',
      default: 'webhook_v2',
      env: 'MONGODB_DATABASE',
    },
  },
  encryption: {
    keys: {
      doc:
        'Keys that protect the webhooks’ credentials in MongoDB. The first one encrypts, the others still decrypt. ' +
        'One is made by: echo "k1:$(openssl rand -base64 32)"',
      format: 'encryption-keys',
      default: null as string | null,
      env: 'ENCRYPTION_KEYS',
      sensitive: true,
    },
  },
  failureLog: {
    retentionDays: {
      doc: 'How long a failure entry is kept.',
      format: 'whole',
      min: 1,
      max: 3_650,
      unit: 'days',
      default: 30,
      env: 'FAILURE_LOG_RETENTION_DAYS',
    },
  },
  cache: {
    subscriptionCompanies: {
      doc: 'Companies whose subscriptions are kept in memory, in each of the processes that match events.',
      format: 'whole',
      min: 1,
      max: 10_000_000,
      unit: 'companies',
      default: 100_000,
      env: 'SUBSCRIPTION_CACHE_COMPANIES',
    },
    webhooks: {
      doc: 'Webhooks that are kept in memory, in each of the processes that deliver.',
      format: 'whole',
      min: 1,
      max: 10_000_000,
      unit: 'webhooks',
      default: 100_000,
      env: 'WEBHOOK_CACHE_SIZE',
    },
  },
} satisfies SettingTable;
