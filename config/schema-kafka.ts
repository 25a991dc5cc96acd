import type { SettingTable } from './setting.js';

/** How records are exchanged: the brokers, the topics, the registry of their schemas. */
export const kafkaSchema = {
  kafka: {
    brokers: {
      doc: 'Brokers to learn the cluster from.',
      format: 'brokers',
      default: ['localhost:9092'] as readonly string[],
      env: 'KAFKA_BROKERS',
    },
    ssl: {
      doc: 'Whether the connections to the brokers are encrypted.',
      format: 'flag',
      default: false as boolean,
      env: 'KAFKA_SSL',
    },
    saslMechanism: {
      doc: 'How we prove to the brokers who we are.',
      format: 'choice',
      choices: ['none', 'plain', 'scram-sha-256', 'scram-sha-512'] as const,
      default: 'none',
      env: 'KAFKA_SASL_MECHANISM',
    },
    saslUsername: {
      doc: 'User name for SASL.',
      format: 'text',
      default: '',
      env: 'KAFKA_SASL_USERNAME',
    },
    saslPassword: {
      doc: 'Password for SASL.',
      format: 'text',
      default: '',
      env: 'KAFKA_SASL_PASSWORD',
      sensitive: true,
    },
    prefix: {
      doc: 'Put before the name of every topic and consumer group, so that several environments can share a cluster.',
      format: 'topic-prefix',
      default: '',
      env: 'KAFKA_PREFIX',
    },
    partitions: {
      doc: 'Partitions of a topic that we create. It bounds how many processes can share the work of a group.',
      format: 'whole',
      min: 1,
      max: 1_000,
      default: 6,
      env: 'KAFKA_PARTITIONS',
    },
    replicationFactor: {
      doc: 'Copies of every partition of a topic that we create; 3 in production.',
      format: 'whole',
      min: 1,
      max: 9,
      default: 1,
      env: 'KAFKA_REPLICATION_FACTOR',
    },
    sessionTimeoutMs: {
      doc: 'A consumer that is silent for longer loses its partitions to the others of its group.',
      format: 'whole',
      min: 6_000,
      max: 300_000,
      unit: 'milliseconds',
      default: 30_000,
      env: 'KAFKA_SESSION_TIMEOUT_MS',
    },
    heartbeatIntervalMs: {
      doc: 'How often a consumer tells its group that it lives; at most a third of the session time-out.',
      format: 'whole',
      min: 100,
      max: 60_000,
      unit: 'milliseconds',
      default: 3_000,
      env: 'KAFKA_HEARTBEAT_INTERVAL_MS',
    },
  },
  topics: {
    callEvents: {
      doc: 'Call events of the telephony pipeline.',
      format: 'topic',
      default: 'calls.events',
      env: 'TOPIC_CALL_EVENTS',
    },
    whatsappEvents: {
      doc: 'Events of the WhatsApp pipeline.',
      format: 'topic',
      default: 'whatsapp.events',
      env: 'TOPIC_WHATSAPP_EVENTS',
    },
    dispatch: {
      doc: 'Jobs: one event on its way to one webhook.',
      format: 'topic',
      default: 'webhooks.dispatch',
      env: 'TOPIC_DISPATCH',
    },
    overflow: {
      doc: 'Jobs of webhooks that are too slow for the dispatch topic.',
      format: 'topic',
      default: 'webhooks.overflow',
      env: 'TOPIC_OVERFLOW',
    },
    retry: {
      doc: 'Jobs that wait for their next attempt. All wait equally long: DELIVERY_RETRY_DELAY_MS.',
      format: 'topic',
      default: 'webhooks.retry-3s',
      env: 'TOPIC_RETRY',
    },
    longRetry: {
      doc:
        'Jobs whose endpoint asked to wait longer (Retry-After). A job waits here for DELIVERY_LONG_RETRY_MS at most, ' +
        'and comes back here as often as that is not enough.',
      format: 'topic',
      default: 'webhooks.retry-60s',
      env: 'TOPIC_LONG_RETRY',
    },
    deadLetter: {
      doc: 'Records that can never be handled, with the reason.',
      format: 'topic',
      default: 'webhooks.dead-letter',
      env: 'TOPIC_DEAD_LETTER',
    },
  },
  schemaRegistry: {
    url: {
      doc: 'Base address of the schema registry (Confluent API). Credentials have settings of their own.',
      format: 'http-url',
      default: 'http://localhost:8081',
      env: 'SCHEMA_REGISTRY_URL',
    },
    username: {
      doc: 'User name for the schema registry.',
      format: 'text',
      default: '',
      env: 'SCHEMA_REGISTRY_USERNAME',
    },
    password: {
      doc: 'Password for the schema registry.',
      format: 'text',
      default: '',
      env: 'SCHEMA_REGISTRY_PASSWORD',
      sensitive: true,
    },
    timeoutMs: {
      doc: 'Longest wait for an answer of the schema registry.',
      format: 'whole',
      min: 100,
      max: 10_000,
      unit: 'milliseconds',
      default: 2_000,
      env: 'SCHEMA_REGISTRY_TIMEOUT_MS',
    },
  },
} satisfies SettingTable;
