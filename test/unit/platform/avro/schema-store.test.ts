import { describe, expect, jest, test } from '@jest/globals';
import { ConfigError, DependencyError, PoisonRecord } from '../../../../services/shared/core/errors.js';
import type { KnownSchemas } from '../../../../services/shared/platform/avro/known-schemas.js';
import type { FoundSchema } from '../../../../services/shared/platform/avro/registry-client.js';
import { openSchemaStore, type SchemaStoreOptions } from '../../../../services/shared/platform/avro/schema-store.js';
import { memoryKnownSchemas } from '../../../support/known-schemas.js';

const SCHEMA = '{"type":"record","name":"R","fields":[]}';
const AWAY = new DependencyError('schema-registry', 'connect ECONNREFUSED');

type Registry = SchemaStoreOptions['registry'];

function registryWith(answers: Partial<Registry>) {
  return {
    findSchema: jest.fn<Registry['findSchema']>(answers.findSchema ?? (() => Promise.resolve({ kind: 'none' }))),
    findId: jest.fn<Registry['findId']>(answers.findId ?? (() => Promise.resolve(undefined))),
  };
}

const found = (): Promise<FoundSchema> => Promise.resolve({ kind: 'schema', text: SCHEMA });
const away = () => Promise.reject(AWAY);

describe('the schema of a writer', () => {
  test('is asked for once and known from then on, without asking anybody', async () => {
    const registry = registryWith({ findSchema: found });
    const store = await openSchemaStore({ registry, known: memoryKnownSchemas() });
    expect(store.schemaText(5)).toBeUndefined();
    await store.fetchSchema(5);
    await store.fetchSchema(5);
    expect(store.schemaText(5)).toBe(SCHEMA);
    expect(registry.findSchema).toHaveBeenCalledTimes(1);
  });

  test('is asked for once by records that arrive together', async () => {
    const registry = registryWith({ findSchema: found });
    const store = await openSchemaStore({ registry, known: memoryKnownSchemas() });
    await Promise.all(Array.from({ length: 100 }, () => store.fetchSchema(5)));
    expect(registry.findSchema).toHaveBeenCalledTimes(1);
  });

  test('is known after a restart while the registry is away', async () => {
    const known = memoryKnownSchemas();
    await (await openSchemaStore({ registry: registryWith({ findSchema: found }), known })).fetchSchema(5);
    const restarted = await openSchemaStore({ registry: registryWith({ findSchema: away }), known });
    expect(restarted.schemaText(5)).toBe(SCHEMA);
  });

  test('that can not be had because the registry is away condemns no record, and is asked for again', async () => {
    const registry = registryWith({ findSchema: away });
    const store = await openSchemaStore({ registry, known: memoryKnownSchemas() });
    await expect(store.fetchSchema(5)).rejects.toBe(AWAY);
    registry.findSchema.mockImplementation(found);
    await expect(store.fetchSchema(5)).resolves.toBe(SCHEMA);
  });

  test('that can not be stored is used all the same, with a warning', async () => {
    const onWarning = jest.fn();
    const known: KnownSchemas = { ...memoryKnownSchemas(), save: () => Promise.reject(new Error('disk full')) };
    const store = await openSchemaStore({ registry: registryWith({ findSchema: found }), known, onWarning });
    await expect(store.fetchSchema(5)).resolves.toBe(SCHEMA);
    expect(onWarning).toHaveBeenCalledWith('schema 5 was not stored: disk full');
  });
});

describe('a schema id that the registry does not know', () => {
  test.each<FoundSchema>([{ kind: 'none' }, { kind: 'unusable', detail: 'schema 5 is not Avro' }])(
    'condemns the record (%j)',
    async (answer) => {
      const registry = registryWith({ findSchema: () => Promise.resolve(answer) });
      const store = await openSchemaStore({ registry, known: memoryKnownSchemas() });
      await expect(store.fetchSchema(5)).rejects.toThrow(PoisonRecord);
    },
  );

  test('is asked for once a minute, however many records carry it', async () => {
    let clock = 1000;
    const registry = registryWith({});
    const store = await openSchemaStore({ registry, known: memoryKnownSchemas(), now: () => clock });
    for (let second = 0; second < 180; second++) {
      for (let record = 0; record < 50; record++) await expect(store.fetchSchema(5)).rejects.toThrow(PoisonRecord);
      clock += 1000;
    }
    expect(registry.findSchema).toHaveBeenCalledTimes(3);
  });

  test('is remembered in bounded number', async () => {
    const registry = registryWith({});
    const store = await openSchemaStore({ registry, known: memoryKnownSchemas(), maxUnknownIds: 10 });
    for (let id = 1; id <= 11; id++) await store.fetchSchema(id).catch(() => undefined);
    await store.fetchSchema(11).catch(() => undefined);
    expect(registry.findSchema).toHaveBeenCalledTimes(11);
    await store.fetchSchema(1).catch(() => undefined);
    expect(registry.findSchema).toHaveBeenCalledTimes(12);
  });
});

describe('the id under which we write', () => {
  test('is the one of that very schema in the registry', async () => {
    const registry = registryWith({ findId: () => Promise.resolve(41) });
    const store = await openSchemaStore({ registry, known: memoryKnownSchemas() });
    await expect(store.writerId('t-value', SCHEMA)).resolves.toBe(41);
    expect(registry.findId).toHaveBeenCalledWith('t-value', SCHEMA);
    expect(store.schemaText(41)).toBe(SCHEMA);
  });

  test('that is missing stops the start and says what to run', async () => {
    const store = await openSchemaStore({ registry: registryWith({}), known: memoryKnownSchemas() });
    const asked = store.writerId('t-value', SCHEMA);
    await expect(asked).rejects.toThrow(ConfigError);
    await expect(asked).rejects.toThrow('run npm run migrate');
  });

  test('is known after a restart while the registry is away, for that schema and that subject only', async () => {
    const known = memoryKnownSchemas();
    const registry = registryWith({ findId: () => Promise.resolve(41) });
    await (await openSchemaStore({ registry, known })).writerId('t-value', SCHEMA);
    const restarted = await openSchemaStore({ registry: registryWith({ findId: away }), known });
    await expect(restarted.writerId('t-value', SCHEMA)).resolves.toBe(41);
    await expect(restarted.writerId('t-value', `${SCHEMA} `)).rejects.toBe(AWAY);
    await expect(restarted.writerId('u-value', SCHEMA)).rejects.toBe(AWAY);
  });
});
