import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { Consumer } from 'kafkajs';
import { createDeadLetterDecoder } from '../../services/shared/platform/avro/dead-letter-codec.js';
import { createRecordEncoder } from '../../services/shared/platform/avro/record-encoder.js';
import { subjectOf } from '../../services/shared/platform/avro/register-schemas.js';
import { createRegistryClient, type RegistryClient } from '../../services/shared/platform/avro/registry-client.js';
import { newestSchema } from '../../services/shared/platform/avro/schema-files.js';
import { openSchemaStore } from '../../services/shared/platform/avro/schema-store.js';
import type { DeadLetter } from '../../services/shared/core/verdict.js';
import { eventIdOf } from '../support/bodies.js';
import { avroValueOf, familyOf, type EventExample } from '../support/event-examples.js';
import { memoryKnownSchemas } from '../support/known-schemas.js';
import { event, startSystem, type System } from '../support/system.js';
import { until } from '../support/waiting.js';

/**
 * "A record that can't be decoded or breaks the contract goes to the dead-letter topic with its reason, and the stream
 * goes on": each poison record is followed by a good one, which has to arrive, and every letter tells where its record
 * stood.
 */
let system: System;
let letters: Consumer;
let registry: RegistryClient;
const received: DeadLetter[] = [];
const COMPANY = 'co_poison';

beforeAll(async () => {
  system = await startSystem();
  system.receiver.endpoint('/good');
  await system.webhook(COMPANY, '/good', { events: ['call.initiated', 'message.sent'] });
  const { schemaRegistry, topics, kafka } = system.config;
  registry = createRegistryClient({ url: schemaRegistry.url, timeoutMs: 10_000 });
  const decoder = createDeadLetterDecoder(await openSchemaStore({ registry, known: memoryKnownSchemas() }));
  letters = system.kafka.consumer({ groupId: `${kafka.prefix}letters` });
  await letters.connect();
  await letters.subscribe({ topics: [topics.deadLetter], fromBeginning: true });
  await letters.run({
    eachMessage: async ({ message }) => {
      received.push(await decoder.decode(message.value));
    },
  });
}, 120_000);

afterAll(async () => {
  await letters?.disconnect();
  await system?.close();
}, 60_000);

/** As the pipeline writes it. */
async function encoded(example: EventExample, topic: string): Promise<Buffer> {
  const schema = newestSchema(familyOf(example.event_type).record);
  const id = await registry.findId(subjectOf(topic), schema);
  if (id === undefined) throw new Error(`${topic} has no schema`);
  return createRecordEncoder<unknown>(schema, id).encode(avroValueOf(example));
}

/** Schema id 1 million is not registered. */
const unknownSchema = Buffer.concat([Buffer.from([0]), Buffer.from([0, 15, 66, 64]), Buffer.from('payload')]);
const CORPUS: readonly (readonly [string, () => Buffer, string])[] = [
  ['an empty value', () => Buffer.alloc(0), 'undecodable'],
  ['1 byte', () => Buffer.from([0]), 'undecodable'],
  ['3 bytes', () => Buffer.from([0, 0, 0]), 'undecodable'],
  ['4 bytes', () => Buffer.from([0, 0, 0, 0]), 'undecodable'],
  ['a wrong magic byte', () => Buffer.from([7, 0, 0, 0, 1, 2, 3]), 'undecodable'],
  ['JSON instead of Avro', () => Buffer.from(JSON.stringify(event('call.initiated', COMPANY))), 'undecodable'],
  ['a schema id that the registry does not know', () => unknownSchema, 'undecodable'],
  ['gzip inside', () => gzipSync('x'.repeat(1000)), 'undecodable'],
  ['bad UTF-8', () => Buffer.from([0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa]), 'undecodable'],
];

describe.each(['call', 'whatsapp'] as const)('poison on the topic of %s events', (family) => {
  const topicOf = (): string =>
    family === 'call' ? system.config.topics.callEvents : system.config.topics.whatsappEvents;
  const good = () => event(family === 'call' ? 'call.initiated' : 'message.sent', COMPANY);

  test.each(CORPUS)(
    '%s is parked with its reason and position, and the next good record arrives',
    async (_, make, reason) => {
      const value = make();
      const key = `poison-${Math.random()}`;
      await system.produceRaw(topicOf(), [value], key);
      const next = good();
      const producedAt = Date.now();
      await system.produce([next]);
      await system.receiver.waitFor(
        (requests) => requests.some((request) => eventIdOf(request) === next.event_id),
        30_000,
      );
      const arrivedAt = system.receiver.requests((request) => eventIdOf(request) === next.event_id)[0]?.arrivedAt ?? 0;
      // Within a second on a machine that has nothing else to do; this is for slow ones.
      expect(arrivedAt - producedAt).toBeLessThan(5_000);
      const letter = await until(
        () => received.find((found) => found.key?.toString() === key),
        (found) => found !== undefined,
      );
      expect(letter).toMatchObject({ reason, service: `${family}-consumer`, source: { topic: topicOf() } });
      expect(letter?.value?.equals(value)).toBe(true);
      expect(letter?.source.offset).toMatch(/^\d+$/);
      expect(letter?.detail).not.toBe('');
    },
  );

  test('a flood of one unknown schema id is parked to the last record, and the next good record arrives', async () => {
    await system.produceRaw(topicOf(), Array<Buffer>(500).fill(unknownSchema), `flood-${family}`);
    const next = good();
    await system.produce([next]);
    await system.receiver.waitFor(
      (requests) => requests.some((request) => eventIdOf(request) === next.event_id),
      30_000,
    );
    await until(
      () => received.filter((found) => found.key?.toString() === `flood-${family}`).length,
      (count) => count === 500,
    );
  });

  test('a tombstone and an event type that we don’t know are skipped and counted, not parked', async () => {
    const before = received.length;
    await system.produceRaw(topicOf(), [null], 'tombstone');
    const unknown = { ...avroValueOf(good()), event_type: 'call.teleported' };
    await system.produceValue(family === 'call' ? 'call-event' : 'whatsapp-event', unknown);
    const next = good();
    await system.produce([next]);
    await system.receiver.waitFor(
      (requests) => requests.some((request) => eventIdOf(request) === next.event_id),
      30_000,
    );
    const service = system.services.get(`${family}-consumer`);
    await until(
      () => service?.metric('webhook_records_skipped_total') ?? '',
      (text) => /reason="tombstone"[^}]*} 1/.test(text) && /reason="unknown-event-type"[^}]*} 1/.test(text),
    );
    expect(received.length).toBe(before);
  });

  test('records whose header occurs twice are read like any other: a good one arrives, a poison one is parked', async () => {
    const key = `twice-${family}`;
    const next = good();
    const values = [Buffer.from('not an event'), await encoded(next, topicOf())];
    const messages = values.map((value) => ({ key, value, headers: { trace: ['1', '2'] } }));
    await system.producer.send({ topic: topicOf(), messages });
    await system.receiver.waitFor(
      (requests) => requests.some((request) => eventIdOf(request) === next.event_id),
      30_000,
    );
    await until(
      () => received.filter((found) => found.key?.toString() === key).length,
      (count) => count === 1,
    );
  });

  test.each([
    ['no company', { company_id: '' }],
    ['no event id', { event_id: '' }],
    ['no sequence', { event_sequence: null }],
    ['the data of another sub-event', { event_type: family === 'call' ? 'call.end' : 'message.read' }],
  ])('%s breaks the contract', async (_, overrides) => {
    const before = received.length;
    const value = { ...avroValueOf(good()), ...overrides };
    await system.produceValue(family === 'call' ? 'call-event' : 'whatsapp-event', value);
    await until(
      () => received.length,
      (count) => count > before,
    );
    expect(received.at(-1)).toMatchObject({ reason: 'contract-broken' });
  });
});

test('a job that can’t be decoded is parked by the delivery and the retry consumer', async () => {
  for (const [topic, service] of [
    [system.config.topics.dispatch, 'delivery-consumer'],
    [system.config.topics.retry, 'retry-consumer'],
  ] as const) {
    await system.produceRaw(topic, [Buffer.from('not a job')], service);
    const letter = await until(
      () => received.find((found) => found.key?.toString() === service),
      (found) => found !== undefined,
    );
    expect(letter).toMatchObject({ reason: 'undecodable', service });
  }
});

test('an event whose JSON outgrows the dispatch topic is parked, cut, and the next good record arrives', async () => {
  const before = received.length;
  // A control character is one byte in Avro and six in JSON.
  const example = event('message.sent', COMPANY);
  const content = { kind: 'text', text: { body: '\u0001'.repeat(900_000) }, template: null, media: null };
  await system.produce([{ ...example, data: { ...example.data, content } }]);
  const next = event('message.sent', COMPANY);
  await system.produce([next]);
  await system.receiver.waitFor((requests) => requests.some((request) => eventIdOf(request) === next.event_id), 30_000);
  await until(
    () => received.length,
    (count) => count > before,
  );
  expect(received.at(-1)).toMatchObject({ reason: 'too-large', truncated: true, service: 'whatsapp-consumer' });
}, 60_000);

test('every process still runs', () => {
  expect([...system.services.values()].every(({ running }) => running)).toBe(true);
});
