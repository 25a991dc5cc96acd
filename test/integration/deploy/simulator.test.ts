import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../../config/index.js';
import { pipelineOf } from '../../../deploy/local/simulator/avro-event.js';
import { simulateEvents } from '../../../deploy/local/simulator/life-cycles.js';
import { pipelineSettings } from '../../../deploy/local/simulator/pipeline-settings.js';
import { openPipelines } from '../../../deploy/local/simulator/pipelines.js';
import { produceEvents, type ProducedEvent } from '../../../deploy/local/simulator/produce.js';
import { migrateAll } from '../../../services/admin/migrate/migrate-all.js';
import { createEventDecoder } from '../../../services/shared/platform/avro/event-decoder.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { createKafka } from '../../../services/shared/platform/kafka/client.js';
import { connectMongo } from '../../../services/shared/platform/mongo/connect.js';

const id = `t${randomBytes(4).toString('hex')}`;
const env = {
  ...process.env,
  KAFKA_PREFIX: `${id}.`,
  KAFKA_PARTITIONS: '3',
  MONGODB_DATABASE: id,
  ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
};
const config = loadConfig(env);
const settings = pipelineSettings(env);
const kafka = createKafka(
  { clientId: 'test', brokers: settings.brokers, ssl: false, sasl: undefined },
  () => undefined,
);

beforeAll(async () => {
  await migrateAll(config, () => undefined);
}, 60_000);

afterAll(async () => {
  const mongo = await connectMongo({ ...config.mongodb, appName: 'test' });
  await mongo.db.dropDatabase();
  await mongo.close();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: Object.values(config.topics) });
  await admin.disconnect();
});

interface Read {
  readonly key: string;
  readonly event: { readonly event_id: string; readonly data: Readonly<Record<string, object>> };
}

async function readAll(count: number): Promise<Map<string, Read[]>> {
  const byTopic = new Map<string, Read[]>();
  const consumer = kafka.consumer({ groupId: `${id}.reader` });
  await consumer.connect();
  await consumer.subscribe({ topics: Object.values(settings.topics), fromBeginning: true });
  let left = count;
  await new Promise<void>((resolve, reject) => {
    void consumer
      .run({
        eachMessage: async ({ topic, message }) => {
          const record = topic === settings.topics['call-event'] ? 'call-event' : 'whatsapp-event';
          const known = {
            schemaText: () => newestSchema(record),
            fetchSchema: () => Promise.reject(new Error('asked')),
          };
          const event = (await createEventDecoder(record, known).decode(message.value)) as Read['event'];
          const read = { key: message.key?.toString() ?? '', event };
          byTopic.set(topic, [...(byTopic.get(topic) ?? []), read]);
          if ((left -= 1) === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return byTopic;
}

test('what is produced stands in its topic, each conversation in order, keyed by its id', async () => {
  const pipelines = await openPipelines(settings, 'gzip');
  const produced: ProducedEvent[] = [];
  const events = simulateEvents({ seed: 7, companies: ['co_a', 'co_b'], events: 400, startAt: Date.now() });
  const onProduced = (batch: readonly ProducedEvent[]): void => void produced.push(...batch);
  const result = await produceEvents({ pipelines, events, rate: 1_000, onProduced });
  await pipelines.close();
  expect(result).toMatchObject({ produced: 400, acked: 400, lastError: null });
  expect(result.seconds).toBeLessThan(5);

  const read = await readAll(400);
  for (const pipeline of ['call-event', 'whatsapp-event'] as const) {
    const expected = produced.filter(({ eventType }) => pipelineOf(eventType) === pipeline);
    const found = read.get(settings.topics[pipeline]) ?? [];
    expect(found).toHaveLength(expected.length);
    for (const conversationId of new Set(expected.map((event) => event.conversationId))) {
      const wanted = expected.filter((event) => event.conversationId === conversationId);
      const records = found.filter(({ key }) => key === conversationId);
      expect(records.map(({ event }) => event.event_id)).toEqual(wanted.map(({ eventId }) => eventId));
      expect(records.map(({ event }) => Object.values(event.data)[0])).toEqual(wanted.map(({ data }) => data));
    }
  }
}, 60_000);

test('where the schemas are not registered, the simulation says what to do', async () => {
  const elsewhere = pipelineSettings({ ...env, KAFKA_PREFIX: `${id}.elsewhere.` });
  await expect(openPipelines(elsewhere, 'none')).rejects.toThrow('run npm run migrate');
});
