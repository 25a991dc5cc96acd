import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { ALL_PLANS } from '../../../services/shared/platform/mongo/collections/all-plans.js';
import { migrate } from '../../../services/shared/platform/mongo/migrate.js';
import { assertMigrated, SCHEMA_VERSION } from '../../../services/shared/platform/mongo/schema-version.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await openTestDatabase({ migrated: false });
  db = database.db;
});

afterAll(() => database.end());

/** Everything that the migration decides, as the server tells it. */
async function shape() {
  const collections = await db.listCollections({}, { nameOnly: false }).toArray();
  const wanted = collections.filter(({ name }) => name !== 'schema_version');
  return Promise.all(
    wanted
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(async ({ name, options }) => ({ name, options, indexes: await db.collection(name).indexes() })),
  );
}

describe('a database that was not migrated', () => {
  test('is refused with a sentence that says what to do', async () => {
    await expect(assertMigrated(db)).rejects.toMatchObject({
      name: 'ConfigError',
      message: `database "${database.name}" has schema version 0, this build needs ${SCHEMA_VERSION}: run npm run migrate`,
    });
  });

  test('is migrated by several processes at once as by one', async () => {
    const others = await Promise.all([1, 2, 3].map(() => database.connectAgain()));
    await Promise.all([db, ...others.map((other) => other.db)].map((each) => migrate(each, new Date())));
    await assertMigrated(db);
    expect((await shape()).map(({ name }) => name)).toEqual(ALL_PLANS.map(({ name }) => name).sort());
  });
});

describe('a migrated database', () => {
  test('does not change when it is migrated again', async () => {
    const before = await shape();
    await migrate(db, new Date());
    expect(await shape()).toEqual(before);
  });

  test('gets validators and indexes back that were changed', async () => {
    const before = await shape();
    await db.command({ collMod: 'webhooks', validator: {}, validationLevel: 'moderate' });
    await db.collection('webhooks').dropIndex('company_slot');
    await db.collection('webhooks').createIndex({ companyId: 1 }, { name: 'company_slot' });
    await db.collection('failure_log').dropIndex('expiry');
    await db.collection('failure_log').createIndex({ expiresAt: 1 }, { name: 'expiry', expireAfterSeconds: 9 });
    const others = await Promise.all([1, 2].map(() => database.connectAgain()));
    await Promise.all([db, ...others.map((other) => other.db)].map((each) => migrate(each, new Date())));
    const byName = (one: Awaited<ReturnType<typeof shape>>) =>
      one.map((each) => ({
        ...each,
        indexes: each.indexes.sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '')),
      }));
    expect(byName(await shape())).toEqual(byName(before));
  });

  test('keeps its version when an older build migrates it, and its documents', async () => {
    const versions = db.collection<{ _id: string; version: number }>('schema_version');
    await versions.updateOne({ _id: 'schema' }, { $set: { version: SCHEMA_VERSION + 1 } });
    await db.collection<{ _id: string; createdAt: Date }>('companies').insertOne({ _id: 'c1', createdAt: new Date() });
    await migrate(db, new Date());
    await assertMigrated(db);
    expect(await versions.findOne({ _id: 'schema' })).toMatchObject({ version: SCHEMA_VERSION + 1 });
    expect(await db.collection<{ _id: string }>('companies').countDocuments({ _id: 'c1' })).toBe(1);
  });

  test('has no compound index that does not begin with the company', async () => {
    for (const { indexes } of await shape())
      for (const { key } of indexes) {
        const fields = Object.keys(key);
        if (fields.length > 1) expect(fields[0]).toBe('companyId');
      }
  });

  test.each(ALL_PLANS.filter(({ name }) => name !== 'known_schemas').map(({ name }) => name))(
    '%s refuses a document that has not even its first fields',
    async (name) => {
      const inserting = db.collection(name).insertOne({ note: 'not what this collection holds' });
      await expect(inserting).rejects.toMatchObject({ code: 121 });
    },
  );
});
