import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompressionTypes, logLevel, Kafka, type Producer } from 'kafkajs';
import { loadConfig } from '../../config/index.js';
import type { Config } from '../../config/schema.js';
import { startReceiver, type Receiver } from '../../deploy/local/receiver/receiver.js';
import { migrateAll } from '../../services/admin/migrate/migrate-all.js';
import type { EventType } from '../../services/shared/core/vocabulary.js';
import { createRecordEncoder, type RecordEncoder } from '../../services/shared/platform/avro/record-encoder.js';
import { createRegistryClient } from '../../services/shared/platform/avro/registry-client.js';
import { subjectOf } from '../../services/shared/platform/avro/register-schemas.js';
import { newestSchema } from '../../services/shared/platform/avro/schema-files.js';
import { createVault } from '../../services/shared/platform/crypto/vault.js';
import { companyDataKeys } from '../../services/shared/platform/mongo/company-data-keys.js';
import { connectMongo, type MongoConnection } from '../../services/shared/platform/mongo/connect.js';
import type { Endpoint, WebhookDocument } from '../../services/shared/platform/mongo/webhook-document.js';
import { registerCodecs } from '../../services/shared/platform/kafka/codecs.js';
import { WebhookStore } from '../../services/shared/platform/mongo/webhooks.js';
import type { FailureDocument } from '../../services/shared/platform/mongo/failure-document.js';
import { avroValueOf, exampleOf, familyOf, type EventExample } from './event-examples.js';
import { ServiceProcess } from './service-process.js';

export const SERVICES = ['call-consumer', 'whatsapp-consumer', 'delivery-consumer', 'retry-consumer'] as const;
export type ServiceName = (typeof SERVICES)[number] | 'admin';

/**
 * The whole system for one test file: its own topics, groups and database on the servers of the environment, the
 * services as processes, and a receiver with an authority of its own that they trust.
 */
export interface System {
  readonly config: Config;
  readonly env: Readonly<Record<string, string>>;
  readonly receiver: Receiver;
  readonly mongo: MongoConnection;
  readonly webhooks: WebhookStore;
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly services: Map<string, ServiceProcess>;
  /** Starts a service and waits until it is ready. `as` names a second one of its kind. */
  start(
    name: ServiceName,
    options?: { as?: string; env?: Record<string, string>; args?: readonly string[]; wait?: boolean },
  ): Promise<ServiceProcess>;
  /** Registers a webhook for `path` of the receiver. */
  webhook(companyId: string, path: string, options?: Partial<Endpoint>): Promise<string>;
  webhookDocument(companyId: string, webhookId: string): Promise<WebhookDocument | null>;
  /** Produces events to their topics and returns them as the customer will see them. */
  produce(events: readonly EventExample[], compression?: CompressionTypes): Promise<void>;
  /** Produces a value that fits the schema, whatever the contract says of it. */
  produceValue(record: 'call-event' | 'whatsapp-event', value: unknown): Promise<void>;
  produceRaw(topic: string, values: readonly (Buffer | null)[], key?: string): Promise<void>;
  failures(filter: Partial<FailureDocument>): Promise<FailureDocument[]>;
  close(): Promise<void>;
}

let counter = 0;

/** An event with ids of its own. */
export function event(type: EventType, companyId: string, overrides: Partial<EventExample> = {}): EventExample {
  counter++;
  const example = exampleOf(type);
  const { family } = familyOf(type);
  const conversation = `conv_${process.pid}_${counter}`;
  return {
    ...example,
    event_id: `evt_${process.pid}_${counter}_${randomBytes(4).toString('hex')}`,
    company_id: companyId,
    ...overrides,
    data: { ...example.data, [family.conversationKey]: conversation, ...overrides.data },
  };
}

export async function startSystem(
  services: readonly ServiceName[] = SERVICES,
  extraEnv: Record<string, string> = {},
): Promise<System> {
  registerCodecs();
  const id = `t${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'webhook-v2-'));
  const receiver = await startReceiver();
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, receiver.ca.certificatePem);
  const env: Record<string, string> = {
    KAFKA_BROKERS: given('KAFKA_BROKERS'),
    MONGODB_URI: given('MONGODB_URI'),
    SCHEMA_REGISTRY_URL: given('SCHEMA_REGISTRY_URL'),
    KAFKA_PREFIX: `${id}.`,
    KAFKA_PARTITIONS: '3',
    MONGODB_DATABASE: id,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    DELIVERY_ALLOWED_NETWORKS: '127.0.0.0/8',
    NODE_EXTRA_CA_CERTS: caFile,
    ...extraEnv,
  };
  const config = loadConfig(env);
  await migrateAll(config, () => undefined);
  const mongo = await connectMongo({ ...config.mongodb, appName: 'test' });
  const keys = config.encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() }));
  const webhooks = new WebhookStore({
    db: mongo.db,
    vault: createVault({ keys, companies: companyDataKeys(mongo.db) }),
  });
  const kafka = new Kafka({ clientId: 'test', brokers: [...config.kafka.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const encoders = await eventEncoders(config);
  const running = new Map<string, ServiceProcess>();

  const start: System['start'] = async (name, options = {}) => {
    const service = new ServiceProcess(name, { ...env, ...options.env }, options.args);
    running.set(options.as ?? name, service);
    if (options.wait !== false) await service.ready();
    return service;
  };
  const system: System = {
    config,
    env,
    receiver,
    mongo,
    webhooks,
    kafka,
    producer,
    services: running,
    start,
    webhook: async (companyId, path, options = {}) => {
      const endpoint: Endpoint = {
        url: receiver.url(path, 'localhost'),
        authentication: { kind: 'none' },
        headers: [],
        events: ['call.initiated'],
        ...options,
      };
      const result = await webhooks.insertWebhook(companyId, endpoint, new Date());
      if (result.kind !== 'inserted') throw new Error('the company has ten webhooks');
      return result.webhookId;
    },
    webhookDocument: (companyId, webhookId) =>
      mongo.db.collection<WebhookDocument>('webhooks').findOne({ companyId, _id: webhookId }),
    produce: async (events, compression = CompressionTypes.None) => {
      const batches = new Map<string, { key: string; value: Buffer }[]>();
      for (const example of events) {
        const { record, family } = familyOf(example.event_type);
        const topic = record === 'call-event' ? config.topics.callEvents : config.topics.whatsappEvents;
        const batch = batches.get(topic) ?? [];
        const key = String(example.data[family.conversationKey]);
        batch.push({ key, value: encoders[record].encode(avroValueOf(example)) });
        batches.set(topic, batch);
      }
      for (const [topic, messages] of batches) await producer.send({ topic, acks: -1, compression, messages });
    },
    produceValue: async (record, value) => {
      const topic = record === 'call-event' ? config.topics.callEvents : config.topics.whatsappEvents;
      await producer.send({ topic, acks: -1, messages: [{ value: encoders[record].encode(value) }] });
    },
    produceRaw: async (topic, values, key) => {
      await producer.send({ topic, acks: -1, messages: values.map((value) => ({ key: key ?? null, value })) });
    },
    failures: (filter) =>
      mongo.db.collection<FailureDocument>('failure_log').find(filter).sort({ attempt: 1 }).toArray(),
    close: async () => {
      await Promise.all([...running.values()].map((service) => service.stop()));
      await producer.disconnect();
      await receiver.close();
      await mongo.db.dropDatabase();
      await mongo.close();
      await deleteTopics(kafka, config);
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await Promise.all(services.map((name) => start(name)));
  } catch (error) {
    await system.close();
    throw error;
  }
  return system;
}

async function eventEncoders(config: Config): Promise<Record<'call-event' | 'whatsapp-event', RecordEncoder<unknown>>> {
  const registry = createRegistryClient({ url: config.schemaRegistry.url, timeoutMs: 10_000 });
  const open = async (record: 'call-event' | 'whatsapp-event', topic: string): Promise<RecordEncoder<unknown>> => {
    const schema = newestSchema(record);
    const id = await registry.findId(subjectOf(topic), schema);
    if (id === undefined) throw new Error(`${record} is not registered`);
    return createRecordEncoder<unknown>(schema, id);
  };
  return {
    'call-event': await open('call-event', config.topics.callEvents),
    'whatsapp-event': await open('whatsapp-event', config.topics.whatsappEvents),
  };
}

async function deleteTopics(kafka: Kafka, { topics }: Config): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: Object.values(topics) }).catch(() => undefined);
  await admin.disconnect();
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run these tests with "npm test"`);
  return value;
}
