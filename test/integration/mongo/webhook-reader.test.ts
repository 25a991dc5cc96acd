import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWebhookReader, type WebhookReader } from '../../../services/shared/platform/mongo/webhook-reader.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { ENDPOINT, inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

/** Lists of several companies that are asked for at once are read by one command; nobody may see another's. */
let database: TestDatabase;
let store: WebhookStore;
let reader: WebhookReader;

beforeAll(async () => {
  database = await openTestDatabase();
  const vault = testVault(database.db);
  store = new WebhookStore({ db: database.db, vault });
  reader = createWebhookReader(database.db, vault);
}, 60_000);
afterAll(() => database?.end());

/** Webhooks of one millisecond have no order. */
async function insertedAt(companyId: string, second: number): Promise<string> {
  const result = await store.insertWebhook(companyId, ENDPOINT, new Date(Date.UTC(2026, 10, 1, 0, 0, second)));
  return result.kind === 'inserted' ? result.webhookId : result.kind;
}

const idsOf = async (companyId: string) => (await reader.list(companyId)).map(({ _id }) => _id);

test('companies that ask at once are answered by one command, each with its own webhooks in their order', async () => {
  const expected = new Map<string, string[]>([['c_none', []]]);
  for (const companyId of ['c_one', 'c_two', 'c_three']) expected.set(companyId, []);
  for (let round = 0; round < 3; round += 1)
    for (const companyId of ['c_three', 'c_one', 'c_two'])
      expected.get(companyId)?.push(await insertedAt(companyId, round));
  database.commands.length = 0;
  const asked = ['c_two', 'c_none', 'c_one', 'c_two', 'c_three'];
  const answers = await Promise.all(asked.map(idsOf));
  expect(answers).toEqual(asked.map((companyId) => expected.get(companyId)));
  expect(database.commands).toHaveLength(1);
});

test('a list that is asked for after a change shows it, also while an older one is under way', async () => {
  const first = await insertedAt('c_change', 1);
  const older = idsOf('c_change');
  await new Promise((resolve) => setImmediate(resolve));
  const second = await insertedAt('c_change', 2);
  expect(await idsOf('c_change')).toEqual([first, second]);
  expect(await older).toContain(first);
});

test('no secret, sealed or not, is read for a list', async () => {
  await inserted(store, 'c_secret', { headers: [{ name: 'x-key', value: 'secret' }] });
  const [webhook] = await reader.list('c_secret');
  expect(Object.keys(webhook ?? {})).not.toEqual(expect.arrayContaining(['headers']));
  expect(JSON.stringify(webhook)).not.toContain('"ct"');
});
