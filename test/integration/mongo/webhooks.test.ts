import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import type { WebhookDocument } from '../../../services/shared/platform/mongo/webhook-document.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { ENDPOINT, inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
let store: WebhookStore;

beforeAll(async () => {
  database = await openTestDatabase();
  store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
});

afterAll(() => database.end());

async function stored(companyId: string, webhookId: string): Promise<WebhookDocument> {
  const [document] = await store.findWebhooks([{ companyId, webhookId }]);
  if (document === undefined) throw new Error('the webhook does not exist');
  return document;
}

describe('the limit of ten webhooks per company', () => {
  test('holds when requests of several processes race', async () => {
    const other = await database.connectAgain();
    const stores = [store, new WebhookStore({ db: other.db, vault: testVault(other.db) })];
    const results = await Promise.all(
      Array.from({ length: 15 }, () => stores.map((each) => each.insertWebhook('racing', ENDPOINT, new Date()))).flat(),
    );
    expect(results.filter((result) => result.kind === 'inserted')).toHaveLength(10);
    expect(results.filter((result) => result.kind === 'limit-reached')).toHaveLength(20);
    expect(await database.db.collection('webhooks').countDocuments({ companyId: 'racing' })).toBe(10);
  });

  test('is per company, and a deleted webhook makes room', async () => {
    const ids = [];
    for (let n = 0; n < 10; n += 1) ids.push(await inserted(store, 'full'));
    expect(await store.insertWebhook('full', ENDPOINT, new Date())).toEqual({ kind: 'limit-reached' });
    await inserted(store, 'another');
    expect(await store.deleteWebhook({ companyId: 'full', webhookId: ids[4] as string })).toBe(true);
    await inserted(store, 'full');
  });
});

describe('a webhook of another company', () => {
  test('is out of reach of every operation', async () => {
    const webhookId = await inserted(store, 'owner');
    const foreign = { companyId: 'stranger', webhookId };
    const before = await stored('owner', webhookId);
    expect(await store.findWebhooks([foreign])).toEqual([]);
    expect(await store.setStatus(foreign, 'inactive', new Date())).toBe(false);
    expect(await store.replaceEndpoint(foreign, ENDPOINT, new Date())).toBe(false);
    expect(await store.deleteWebhook(foreign)).toBe(false);
    expect(await stored('owner', webhookId)).toEqual(before);
  });

  test('is not found by a pair that mixes two companies, whatever else is asked for', async () => {
    const [a, b] = [await inserted(store, 'mix-a'), await inserted(store, 'mix-b')];
    const found = await store.findWebhooks([
      { companyId: 'mix-a', webhookId: b },
      { companyId: 'mix-b', webhookId: b },
      { companyId: 'mix-b', webhookId: a },
    ]);
    expect(found.map(({ companyId, _id }) => [companyId, _id])).toEqual([['mix-b', b]]);
  });
});

describe('secrets', () => {
  test('are stored nowhere in clear', async () => {
    const canary = 'canary-4f1d';
    await inserted(store, 'secretive', {
      authentication: { kind: 'basic', username: 'user', password: `${canary}-password` },
      headers: [
        { name: 'X-Token', value: `${canary}-header` },
        { name: 'X-Empty', value: '' },
      ],
    });
    await inserted(store, 'secretive', {
      authentication: { kind: 'api-key', placement: 'query', name: 'key', value: `${canary}-key` },
    });
    for (const { name } of await database.db.listCollections().toArray()) {
      const text = (await database.db.collection(name).find({}, { raw: true }).toArray())
        .map((raw) => (raw as unknown as Buffer).toString('latin1'))
        .join();
      expect(text).not.toContain(canary);
    }
  });
});

describe('a change by a person', () => {
  const counted = { status: 'failed' as const, failures: [{ attemptId: 'a:1', at: new Date(1_000) }] };

  test.each(['active', 'inactive'] as const)('to %s starts the counter anew', async (status) => {
    const webhookId = await inserted(store, `status-${status}`);
    const ref = { companyId: `status-${status}`, webhookId };
    await database.db.collection<WebhookDocument>('webhooks').updateOne({ _id: webhookId }, { $set: counted });
    const now = new Date();
    expect(await store.setStatus(ref, status, now)).toBe(true);
    expect(await stored(ref.companyId, webhookId)).toMatchObject({
      status,
      failures: [],
      countsFrom: now,
      statusReason: null,
      statusChangedAt: now,
      updatedAt: now,
      version: 2,
    });
  });

  test('of the endpoint starts the counter anew, keeps the status and seals the new secrets', async () => {
    const webhookId = await inserted(store, 'edited');
    await database.db.collection<WebhookDocument>('webhooks').updateOne({ _id: webhookId }, { $set: counted });
    const now = new Date();
    const endpoint = {
      url: 'https://other.example/',
      authentication: { kind: 'basic', username: 'u', password: 'p' },
      headers: [{ name: 'X-A', value: 'b' }],
      events: ['call.summary'],
    } as const;
    expect(await store.replaceEndpoint({ companyId: 'edited', webhookId }, endpoint, now)).toBe(true);
    expect(await stored('edited', webhookId)).toMatchObject({
      url: endpoint.url,
      events: endpoint.events,
      status: 'failed',
      failures: [],
      countsFrom: now,
      version: 2,
      authentication: { kind: 'basic', username: 'u', password: { v: 1 } },
      headers: [{ name: 'X-A', value: { v: 1 } }],
    });
  });
});

describe('a document that breaks the rules', () => {
  const change = async (fields: Document) => {
    const webhookId = await inserted(store, 'strict');
    const ref = { companyId: 'strict', _id: webhookId };
    try {
      await database.db.collection<WebhookDocument>('webhooks').updateOne(ref, { $set: fields });
    } finally {
      await store.deleteWebhook({ companyId: 'strict', webhookId });
    }
  };

  test.each<[string, Document]>([
    ['an eleventh slot', { slot: 10 }],
    ['a password in clear', { authentication: { kind: 'basic', username: 'u', password: 'p' } }],
    ['a header value in clear', { headers: [{ name: 'X-A', value: 'b' }] }],
    ['an unknown status', { status: 'paused' }],
    ['an unknown event', { events: ['call.ringing'] }],
    ['no event', { events: [] }],
    ['a field that nobody knows', { nickname: 'x' }],
    ['a URL of another protocol', { url: 'file:///etc/passwd' }],
  ])('is refused by the database: %s', async (_, fields) => {
    await expect(change(fields)).rejects.toMatchObject({ code: 121 });
  });
});

test('every command on webhooks names the company', () => {
  const onWebhooks = database.commands.filter(({ command }) =>
    ['find', 'delete', 'update', 'findAndModify'].some((name) => command[name] === 'webhooks'),
  );
  const filters = onWebhooks
    .map(({ command }) => command)
    .flatMap((command) => [
      ...(command['filter'] === undefined ? [] : [command['filter'] as Document]),
      ...((command['updates'] as Document[] | undefined) ?? []).map((update) => update['q'] as Document),
      ...((command['deletes'] as Document[] | undefined) ?? []).map((one) => one['q'] as Document),
    ])
    // The tests above write around the store twice; those filters are theirs.
    .filter((filter) => !(Object.keys(filter).length === 1 && '_id' in filter) && Object.keys(filter).length > 0);
  expect(filters.length).toBeGreaterThan(50);
  for (const filter of filters) expect(filter).toHaveProperty('companyId');
});
