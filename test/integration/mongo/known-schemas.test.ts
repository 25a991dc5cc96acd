import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { KnownSchemas } from '../../../services/shared/platform/avro/known-schemas.js';
import { mongoKnownSchemas } from '../../../services/shared/platform/mongo/known-schemas.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
let known: KnownSchemas;

beforeAll(async () => {
  database = await openTestDatabase();
  known = mongoKnownSchemas(database.db);
});

afterAll(() => database.end());

test('a schema is kept under its id for good', async () => {
  await Promise.all([1, 2, 3, 4].map(() => known.save(7, '{"type":"string"}')));
  await known.save(7, '{"type":"another"}');
  await known.save(2_147_483_647, '"long"');
  expect(await known.load()).toEqual(
    new Map([
      [7, '{"type":"string"}'],
      [2_147_483_647, '"long"'],
    ]),
  );
});

test('the id that we write under is the one that the registry told last', async () => {
  expect(await known.loadWriterId('jobs-value', 'abc')).toBeUndefined();
  await known.saveWriterId('jobs-value', 'abc', 3);
  await known.saveWriterId('jobs-value', 'def', 4);
  await known.saveWriterId('jobs-value', 'abc', 5);
  expect(await known.loadWriterId('jobs-value', 'abc')).toBe(5);
  expect(await known.loadWriterId('jobs-value', 'def')).toBe(4);
  expect((await known.load()).has(5)).toBe(false);
});
