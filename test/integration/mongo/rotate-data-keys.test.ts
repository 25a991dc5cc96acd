import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createVault, type Sealed } from '../../../services/shared/platform/crypto/vault.js';
import { companyDataKeys } from '../../../services/shared/platform/mongo/company-data-keys.js';
import { rotateDataKeys } from '../../../services/shared/platform/mongo/rotate-data-keys.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

/** Key rotation on the real MongoDB: "re-encrypts resumably under load" (RELIABILITY 43). */
const OLD = { kid: 'old', key: randomBytes(32) };
const NEW = { kid: 'new', key: randomBytes(32) };
const COMPANIES = Array.from({ length: 60 }, (_, index) => `co_${index}`);

let database: TestDatabase;
let sealed: Map<string, Sealed>;

const vaultWith = (...keys: (typeof OLD)[]) => createVault({ keys, companies: companyDataKeys(database.db) });
const underOld = () => database.db.collection('companies').countDocuments({ 'dataKey.kid': 'old' });

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.end());

beforeEach(async () => {
  await database.db.collection('companies').deleteMany({});
  const vault = vaultWith(OLD);
  const entries = COMPANIES.map(async (id) => [id, await vault.seal(id, 'w', 'f', `secret of ${id}`)] as const);
  sealed = new Map(await Promise.all(entries));
});

test('afterwards the new key alone opens everything, and what was sealed stays as it was', async () => {
  const result = await rotateDataKeys({ db: database.db, keys: [NEW, OLD], batchSize: 7 });
  expect(result).toEqual({ rewrapped: 60, overtaken: 0, failed: [] });
  const vault = vaultWith(NEW);
  for (const [id, value] of sealed) expect(await vault.open(id, 'w', 'f', value)).toBe(`secret of ${id}`);
});

test('run again it changes nothing, and two runs at once rewrap each key once', async () => {
  const options = { db: database.db, keys: [NEW, OLD], batchSize: 5 };
  const both = await Promise.all([rotateDataKeys(options), rotateDataKeys(options)]);
  expect(both.map(({ rewrapped }) => rewrapped).reduce((a, b) => a + b)).toBe(60);
  expect(await rotateDataKeys(options)).toEqual({ rewrapped: 0, overtaken: 0, failed: [] });
});

test('cut off in the middle, the next run does the rest', async () => {
  const stop = () => {
    throw new Error('cut off');
  };
  const options = { db: database.db, keys: [NEW, OLD], batchSize: 10 };
  await expect(rotateDataKeys({ ...options, onProgress: stop })).rejects.toThrow('cut off');
  expect(await underOld()).toBe(50);
  expect((await rotateDataKeys(options)).rewrapped).toBe(50);
  expect(await underOld()).toBe(0);
});

test('nobody who seals or opens meanwhile notices', async () => {
  let [isOver, opened] = [false, 0];
  const work = async (): Promise<void> => {
    while (!isOver) {
      // A new vault each time: nothing is remembered, every data key is read as it is just then.
      const vault = vaultWith(NEW, OLD);
      for (const [id, value] of sealed) {
        expect(await vault.open(id, 'w', 'f', value)).toBe(`secret of ${id}`);
        await vault.open(id, 'w', 'g', await vault.seal(id, 'w', 'g', 'more'));
        opened += 1;
      }
    }
  };
  const working = work();
  await rotateDataKeys({ db: database.db, keys: [NEW, OLD], batchSize: 1 });
  isOver = true;
  await working;
  expect(opened).toBeGreaterThanOrEqual(60);
  expect(await underOld()).toBe(0);
});

test('a data key under a key that is not configured is named, and stops nobody else’s', async () => {
  const { failed, rewrapped } = await (async () => {
    const stranger = createVault({
      keys: [{ kid: 'lost', key: randomBytes(32) }],
      companies: companyDataKeys(database.db),
    });
    await stranger.seal('co_lost', 'w', 'f', 'x');
    return rotateDataKeys({ db: database.db, keys: [NEW, OLD] });
  })();
  expect([failed.map(({ companyId }) => companyId), rewrapped]).toEqual([['co_lost'], 60]);
});
