import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { companyDataKeys } from '../../../services/shared/platform/mongo/company-data-keys.js';
import { KEYS, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.end());

describe("a company's data key", () => {
  test('is one for ever, also when ten processes make it at the same instant', async () => {
    for (let round = 0; round < 20; round += 1) {
      const companyId = `company-${round}`;
      const vaults = Array.from({ length: 10 }, () => testVault(database.db));
      const sealed = await Promise.all(vaults.map((vault) => vault.seal(companyId, 'wh_1', 'f', 'text')));
      expect(new Set(sealed.map(({ kid }) => kid)).size).toBe(1);
      for (const vault of vaults) expect(await vault.open(companyId, 'wh_1', 'f', sealed[3] as never)).toBe('text');
    }
  });

  test('is added to a company that exists already, and leaves the rest of it alone', async () => {
    const companies = database.db.collection<{ _id: string; createdAt: Date; name: string }>('companies');
    await companies.insertOne({ _id: 'existing', createdAt: new Date(5), name: 'n' });
    const sealed = await testVault(database.db).seal('existing', 'wh_1', 'f', 'text');
    expect(await companies.findOne({ _id: 'existing' })).toMatchObject({
      createdAt: new Date(5),
      name: 'n',
      dataKey: { id: sealed.kid, kid: 'kek-1' },
    });
  });

  test('may be named with characters that mean something to MongoDB', async () => {
    const keys = [{ kid: '$kek.with.dots', key: randomBytes(32) }];
    const sealed = await testVault(database.db, keys).seal('$where', 'wh_1', 'f', 'text');
    expect(await testVault(database.db, keys).open('$where', 'wh_1', 'f', sealed)).toBe('text');
    await expect(testVault(database.db, KEYS).open('$where', 'wh_1', 'f', sealed)).rejects.toThrow(
      '"$kek.with.dots" is not configured',
    );
  });

  test('of many companies are read together', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `many-${n}`);
    const vault = testVault(database.db);
    await Promise.all(ids.map((id) => vault.seal(id, 'wh_1', 'f', 'text')));
    database.commands.length = 0;
    const found = companyDataKeys(database.db);
    expect((await Promise.all(ids.map((id) => found.find(id)))).every((key) => key !== undefined)).toBe(true);
    expect(database.commands.filter(({ commandName }) => commandName === 'find')).toHaveLength(1);
  });
});
