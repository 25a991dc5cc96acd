import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { DependencyError, PoisonRecord } from '../../../services/shared/core/errors.js';
import { createEventDecoder } from '../../../services/shared/platform/avro/event-decoder.js';
import { createRecordEncoder } from '../../../services/shared/platform/avro/record-encoder.js';
import { registerSchemas } from '../../../services/shared/platform/avro/register-schemas.js';
import { createRegistryClient } from '../../../services/shared/platform/avro/registry-client.js';
import { newestSchema, schemaVersions } from '../../../services/shared/platform/avro/schema-files.js';
import { openSchemaStore } from '../../../services/shared/platform/avro/schema-store.js';
import { avroValueOf, exampleOf } from '../../support/event-examples.js';
import { memoryKnownSchemas } from '../../support/known-schemas.js';
import { type Answer, type FakeRegistry, json, startFakeRegistry } from '../../support/schema-registry.js';

const TIMEOUT_MS = 300;
const CALL_EVENT = newestSchema('call-event');
let registry: FakeRegistry;

beforeEach(async () => {
  registry = await startFakeRegistry();
});

afterEach(() => registry.close());

const client = () => createRegistryClient({ url: registry.url, timeoutMs: TIMEOUT_MS });

describe('a registry that answers', () => {
  test('gives a schema by its id', async () => {
    registry.answer = json(200, { schema: CALL_EVENT });
    const found = await client().findSchema(5);
    expect(found).toMatchObject({ kind: 'schema', text: expect.stringContaining('CallDisposition') });
    expect(registry.requests).toEqual(['GET /schemas/ids/5']);
  });

  test('that does not know the id says so: that is no failure', async () => {
    await expect(client().findSchema(5)).resolves.toEqual({ kind: 'none' });
  });

  test.each<[string, object]>([
    ['that is no Avro', { schema: '{"type":"nonsense"}' }],
    ['that is JSON Schema', { schema: '{"type":"object"}', schemaType: 'JSON' }],
    ['in a language that nobody knows', { schema: '{}', schemaType: 'MARTIAN' }],
  ])('with a schema %s: the schema is unusable, the registry is not away', async (_, body) => {
    registry.answer = json(200, body);
    await expect(client().findSchema(5)).resolves.toMatchObject({ kind: 'unusable' });
  });

  test('is asked with user name and password where they are set, and neither is in its errors', async () => {
    registry.answer = json(401, { message: 'no' });
    const asked = createRegistryClient({ url: registry.url, username: 'us', password: 'canary' }).findSchema(5);
    const error = await asked.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(registry.authorizations).toEqual([`Basic ${Buffer.from('us:canary').toString('base64')}`]);
    expect(error).toBeInstanceOf(DependencyError);
    expect(inspect(error, { depth: 8 })).not.toContain('canary');
  });
});

describe('a registry that is away', () => {
  const cutOff: Answer = (_, response) => {
    response.writeHead(200, { 'content-length': '500' });
    response.write('{"sch');
    setTimeout(() => response.destroy(), 20);
  };
  const drip: Answer = (request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 20);
    request.socket.on('close', () => clearInterval(timer));
  };
  const html: Answer = (_, response) => response.end('<html>Welcome</html>');
  const faults: readonly [string, Answer][] = [
    ['hangs', () => undefined],
    ['sends its answer byte by byte for ever', drip],
    ['breaks off in the middle of its answer', cutOff],
    ['closes the connection', (request) => request.socket.destroy()],
    ['answers 500', json(500, { message: 'x' })],
    ['answers 503', json(503, {})],
    ['answers 401', json(401, {})],
    ['is a proxy that answers 200 with HTML', html],
    ['is something else that answers 200 with JSON', json(200, { hello: 1 })],
  ];

  test.each(faults)('because it %s is a dependency that is away, told in time', async (_, answer) => {
    registry.answer = answer;
    const started = performance.now();
    await expect(client().findSchema(5)).rejects.toThrow(DependencyError);
    await expect(client().findId('s', CALL_EVENT)).rejects.toThrow(DependencyError);
    await expect(client().register('s', CALL_EVENT)).rejects.toThrow(DependencyError);
    expect(performance.now() - started).toBeLessThan(5 * TIMEOUT_MS + 500);
  });

  test.each(faults)('because it %s is asked again, and then answers', async (_, answer) => {
    const shared = client();
    registry.answer = answer;
    await expect(shared.findSchema(5)).rejects.toThrow(DependencyError);
    registry.answer = json(200, { schema: CALL_EVENT });
    await expect(shared.findSchema(5)).resolves.toMatchObject({ kind: 'schema' });
  });

  test('because nothing listens there is named without a made-up HTTP status', async () => {
    await registry.close();
    await expect(client().findSchema(5)).rejects.toThrow(/^schema-registry: connect ECONNREFUSED/);
  });

  test('keeps no socket after the time-out', async () => {
    registry.answer = () => undefined;
    await Promise.all(
      Array.from({ length: 10 }, (_, id) =>
        client()
          .findSchema(id + 1)
          .catch(() => undefined),
      ),
    );
    for (let waited = 0; registry.openSockets() > 0 && waited < 50; waited++) await sleep(20);
    expect(registry.openSockets()).toBe(0);
  });
});

describe('decoder, store and registry together', () => {
  const record = createRecordEncoder(CALL_EVENT, 5).encode(avroValueOf(exampleOf('call.end')));

  test('10,000 records with an unknown schema id ask the registry once', async () => {
    const schemas = await openSchemaStore({ registry: client(), known: memoryKnownSchemas() });
    const { decode } = createEventDecoder('call-event', schemas);
    for (let count = 0; count < 10_000; count++) {
      await expect(Promise.resolve().then(() => decode(record))).rejects.toThrow(PoisonRecord);
    }
    expect(registry.requests).toEqual(['GET /schemas/ids/5']);
  });

  test('1,000 records that arrive together ask the registry once', async () => {
    registry.answer = json(200, { schema: CALL_EVENT });
    const schemas = await openSchemaStore({ registry: client(), known: memoryKnownSchemas() });
    const { decode } = createEventDecoder('call-event', schemas);
    const events = await Promise.all(Array.from({ length: 1000 }, () => decode(record)));
    expect(events).toHaveLength(1000);
    expect(registry.requests).toHaveLength(1);
    expect(decode(record)).not.toBeInstanceOf(Promise);
  });

  test('a registry that hangs delays a good record by the time-out and parks nothing', async () => {
    registry.answer = () => undefined;
    const schemas = await openSchemaStore({ registry: client(), known: memoryKnownSchemas() });
    await expect(createEventDecoder('call-event', schemas).decode(record)).rejects.toThrow(DependencyError);
  });
});

describe('registering our schemas', () => {
  test('registers every topic under <topic>-value with compatibility BACKWARD', async () => {
    const bodies: [string, unknown][] = [];
    registry.answer = (request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        if (text !== '') bodies.push([`${request.method} ${request.url}`, JSON.parse(text)]);
        if (request.method === 'GET') json(404, { error_code: 40408, message: 'x' })(request, response);
        else json(200, { id: 12 })(request, response);
      });
    };
    const ids = await registerSchemas(client(), [
      { topic: 'calls.events', record: 'call-event' },
      { topic: 'webhooks.dispatch', record: 'delivery-job' },
    ]);
    expect([...ids]).toEqual([
      ['calls.events-value', 12],
      ['webhooks.dispatch-value', 12],
    ]);
    expect(bodies).toEqual([
      ['POST /subjects/calls.events-value/versions', { schema: CALL_EVENT }],
      ['PUT /config/calls.events-value', { compatibility: 'BACKWARD' }],
      ...schemaVersions('delivery-job').flatMap((schema) => [
        ['POST /subjects/webhooks.dispatch-value/versions', { schema }],
        ['PUT /config/webhooks.dispatch-value', { compatibility: 'BACKWARD' }],
      ]),
    ]);
  });
});
