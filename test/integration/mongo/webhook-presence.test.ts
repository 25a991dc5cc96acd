import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebhookPresence } from '../../../services/shared/platform/mongo/webhook-presence.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

/** Whether a company has a webhook, as it is asked for beside each page of its failure log. */
let database: TestDatabase;
let store: WebhookStore;
let presence: WebhookPresence;

beforeAll(async () => {
  database = await openTestDatabase();
  store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
  presence = new WebhookPresence(database.db);
});

afterAll(() => database.end());

test('is asked of MongoDB once for many pages, and at once for many webhooks', async () => {
  const ids = await Promise.all([inserted(store, 'one'), inserted(store, 'one'), inserted(store, 'two')]);
  const [first, second, third] = ids;
  database.commands.length = 0;
  const asked = () =>
    Promise.all([presence.has('one', first), presence.has('one', second), presence.has('two', third)]);
  expect(await asked()).toEqual([true, true, true]);
  expect(await asked()).toEqual([true, true, true]);
  expect(database.commands.map(({ commandName }) => commandName)).toEqual(['find']);
});

test('belongs to its company alone, whoever asks in the same moment', async () => {
  const webhookId = await inserted(store, 'owner');
  await inserted(store, 'stranger');
  expect(await Promise.all([presence.has('stranger', webhookId), presence.has('owner', webhookId)])).toEqual([
    false,
    true,
  ]);
  expect(await presence.has('stranger', webhookId)).toBe(false);
});

test('ends when it is told of the deletion, also for what was being read meanwhile', async () => {
  const webhookId = await inserted(store, 'gone');
  const ref = { companyId: 'gone', webhookId };
  const reading = presence.has('gone', webhookId);
  await store.deleteWebhook(ref);
  presence.forget(ref);
  await reading;
  expect(await presence.has('gone', webhookId)).toBe(false);
});
