import { createRegistryClient } from '../../shared/platform/avro/registry-client.js';
import { registerSchemas, type TopicRecord } from '../../shared/platform/avro/register-schemas.js';
import { createKafka } from '../../shared/platform/kafka/client.js';
import { createTopics, type Topics } from '../../shared/platform/kafka/topics.js';
import { connectMongo } from '../../shared/platform/mongo/connect.js';
import { migrate } from '../../shared/platform/mongo/migrate.js';
import { kafkaSettings, type DependencySettings } from '../../shared/platform/process/open-dependencies.js';

export interface MigrationSettings extends DependencySettings {
  readonly kafka: DependencySettings['kafka'] & { readonly partitions: number; readonly replicationFactor: number };
}

/**
 * Creates what is missing of collections, validators, indexes, topics and schemas. Idempotent, and safe to run from
 * several processes at once; it never deletes. One line is reported per server.
 * @throws DependencyError when a server is away or refuses
 */
export async function migrateAll(settings: MigrationSettings, report: (line: string) => void): Promise<void> {
  const { topics, kafka, mongodb, schemaRegistry } = settings;
  const mongo = await connectMongo({ ...mongodb, appName: 'migrate' });
  try {
    await migrate(mongo.db, new Date());
  } finally {
    await mongo.close();
  }
  report(`MongoDB: database "${mongodb.database}" has its collections, validators and indexes.`);
  const client = createKafka(kafkaSettings('migrate', settings), () => undefined);
  const created = await createTopics(client, topics, kafka);
  report(`Kafka: ${created.length === 0 ? 'all topics exist' : `created ${created.join(', ')}`}.`);
  const { url, username, password, timeoutMs } = schemaRegistry;
  const credentials = username === '' ? {} : { username, password };
  const registry = createRegistryClient({ url, timeoutMs: Math.max(timeoutMs, 10_000), ...credentials });
  const ids = await registerSchemas(registry, recordsOf(topics));
  report(`Schema registry: ${ids.size} subjects registered.`);
}

function recordsOf(topics: Topics): readonly TopicRecord[] {
  return [
    { topic: topics.callEvents, record: 'call-event' },
    { topic: topics.whatsappEvents, record: 'whatsapp-event' },
    { topic: topics.dispatch, record: 'delivery-job' },
    { topic: topics.overflow, record: 'delivery-job' },
    { topic: topics.retry, record: 'delivery-job' },
    { topic: topics.longRetry, record: 'delivery-job' },
    { topic: topics.deadLetter, record: 'dead-letter' },
  ];
}
