import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Document } from 'mongodb';
import { AuditLog } from '../../../services/shared/platform/mongo/audit-log.js';
import { openEndpoint } from '../../../services/shared/platform/mongo/endpoint-secrets.js';
import {
  renewDataKeys,
  type RenewalProgress,
  type RenewalResult,
} from '../../../services/shared/platform/mongo/renew-data-keys.js';
import { rotateDataKeys } from '../../../services/shared/platform/mongo/rotate-data-keys.js';
import { WebhookChanges } from '../../../services/shared/platform/mongo/webhook-changes.js';
import type { Endpoint, WebhookDocument } from '../../../services/shared/platform/mongo/webhook-document.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { ENDPOINT, inserted, KEYS, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

/** Another data key for every company, on the real MongoDB, while others read and write. */
interface CompanyDocument {
  readonly _id: string;
  readonly dataKey: { readonly id: string; readonly kid: string };
  readonly previousDataKey?: { readonly id: string; readonly kid: string };
}

const GRACE_MS = 30;
let database: TestDatabase;

jest.setTimeout(60_000);

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.end());

const companies = () => database.db.collection<CompanyDocument>('companies');
const webhooks = () => database.db.collection<WebhookDocument>('webhooks', { promoteBuffers: true });
const renewals = () => database.db.collection('key_renewals');
const newStore = () => new WebhookStore({ db: database.db, vault: testVault(database.db) });
const renew = (options: { graceMs?: number; onProgress?: (progress: RenewalProgress) => void } = {}) =>
  renewDataKeys({ db: database.db, keys: KEYS, graceMs: GRACE_MS, ...options });

function endpoint(secret: string): Endpoint {
  return {
    ...ENDPOINT,
    authentication: { kind: 'basic', username: 'ann', password: `password ${secret}` },
    headers: [{ name: 'X-Key', value: `header ${secret}` }],
  };
}

/** Webhooks of every kind, by what their secrets hold. */
async function company(id: string): Promise<Map<string, string>> {
  const store = newStore();
  const secrets = new Map<string, string>();
  for (const name of ['one', 'two']) {
    const secret = `${id} ${name}`;
    secrets.set(await inserted(store, id, endpoint(secret)), secret);
  }
  const key = `key ${id}`;
  const apiKey = { kind: 'api-key', placement: 'query', name: 'k', value: key } as const;
  secrets.set(await inserted(store, id, { authentication: apiKey }), key);
  secrets.set(await inserted(store, id, {}), 'none');
  return secrets;
}

/** As a process that has just been started reads them: nothing but what is stored. */
async function secretsOf(companyId: string): Promise<Map<string, string>> {
  const vault = testVault(database.db);
  const found = await webhooks().find({ companyId }).toArray();
  const entries = found.map(async (document) => {
    const { authentication, headers } = await openEndpoint(vault, document);
    if (authentication.kind === 'basic') {
      expect(headers[0]?.value).toBe(authentication.password.replace('password', 'header'));
      return [document._id, authentication.password.replace('password ', '')] as const;
    }
    return [document._id, authentication.kind === 'api-key' ? authentication.value : 'none'] as const;
  });
  return new Map(await Promise.all(entries));
}

async function kidsOf(companyId: string): Promise<Set<string>> {
  const found = await webhooks().find({ companyId }).toArray();
  return new Set(JSON.stringify(found).match(/dk_[\w-]{16}/g));
}

async function keysOf(companyId: string): Promise<CompanyDocument> {
  const found = await companies().findOne({ _id: companyId });
  if (found === null) throw new Error('there is no company');
  return found;
}

/** One data key, everything sealed with it, nothing under way. */
async function expectRenewed(companyId: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  const { dataKey, previousDataKey } = await keysOf(companyId);
  expect(previousDataKey).toBeUndefined();
  expect(await kidsOf(companyId)).toEqual(new Set([dataKey.id]));
  expect(await secretsOf(companyId)).toEqual(secrets);
  expect(await renewals().countDocuments()).toBe(0);
}

beforeEach(async () => {
  for (const name of ['companies', 'webhooks', 'idempotency_keys', 'key_renewals'])
    await database.db.collection(name).deleteMany({});
});

describe('a renewal', () => {
  test('gives every company another data key, seals everything with it, and drops the old one', async () => {
    const secrets = await company('co');
    const old = (await keysOf('co')).dataKey.id;
    expect(await renew()).toEqual({
      ...{ renewed: 1, sealed: 3, dropped: 1, unreadable: [], kept: [], refused: [] },
    } satisfies RenewalResult);
    await expectRenewed('co', secrets);
    expect((await keysOf('co')).dataKey.id).not.toBe(old);
  });

  test('is no edit: all but the sealed values stays as it was, counter and circuit included', async () => {
    const [webhookId = ''] = (await company('co')).keys();
    const circuit = { openedAt: new Date(5), probes: 3, nextProbeAt: new Date(6) };
    const failures = [{ attemptId: 'a:1', at: new Date(4) }];
    await webhooks().updateOne(
      { companyId: 'co', _id: webhookId },
      { $set: { status: 'failed', circuit, failures, version: 7 } },
    );
    const bare = (documents: Document[]) => documents.map(({ authentication: _a, headers: _h, ...rest }) => rest);
    const before = bare(await webhooks().find().sort({ _id: 1 }).toArray());
    await renew();
    expect(bare(await webhooks().find().sort({ _id: 1 }).toArray())).toEqual(before);
  });

  test('leaves an Idempotency-Key what it was: a repeated creation is known by it', async () => {
    const changes = () =>
      new WebhookChanges({
        ...{ db: database.db, vault: testVault(database.db), store: newStore(), audit: new AuditLog(database.db) },
        onDeleted: () => undefined,
      });
    const actor = { kind: 'user', id: 'u', name: 'U' } as const;
    const audit = {
      ...{ companyId: 'co', at: new Date(), actor, action: 'webhook.created', before: null, after: null },
      requestId: 'r',
    };
    const idempotency = { key: 'k', digest: 'digest of the input' };
    const created = await changes().create(endpoint('s'), audit, idempotency);
    if (created.kind !== 'created') throw new Error(created.kind);
    await renew();
    const known = await changes().findKey('co', idempotency);
    expect(known).toEqual({ kind: 'known-key', webhookId: created.webhook._id, same: true });
  });

  test('run again is another one', async () => {
    const secrets = await company('co');
    await renew();
    const first = (await keysOf('co')).dataKey.id;
    expect(await renew()).toMatchObject({ renewed: 1, dropped: 1 });
    await expectRenewed('co', secrets);
    expect((await keysOf('co')).dataKey.id).not.toBe(first);
  });

  test('of nothing is over at once, and companies without a data key get none', async () => {
    await companies().insertOne({ _id: 'bare', createdAt: new Date() } as never);
    expect(await renew({ graceMs: 3_600_000 })).toMatchObject({ renewed: 0, dropped: 0 });
    expect(await companies().findOne({ _id: 'bare' })).not.toHaveProperty('dataKey');
  });
});

describe('a renewal that is cut off', () => {
  /** How many steps a whole one has, with two companies. */
  const STEPS = 7;

  test.each(Array.from({ length: STEPS }, (_, index) => index + 1))(
    'after step %i leaves everything readable, and the next run does the rest and no more',
    async (cutOffAt) => {
      const ids = ['co_a', 'co_b'];
      const secrets = new Map<string, Map<string, string>>();
      for (const id of ids) secrets.set(id, await company(id));
      const keys = new Set((await companies().find().toArray()).map(({ dataKey }) => dataKey.id));
      let steps = 0;
      const cut = () => {
        steps += 1;
        if (steps === cutOffAt) throw new Error('cut off');
      };
      await expect(renew({ onProgress: cut })).rejects.toThrow('cut off');
      for (const id of ids) expect(await secretsOf(id)).toEqual(secrets.get(id));
      for (const { dataKey } of await companies().find().toArray()) keys.add(dataKey.id);
      expect(await renewals().countDocuments()).toBe(1);

      await renew();
      for (const id of ids) await expectRenewed(id, secrets.get(id) ?? new Map());
      for (const { dataKey } of await companies().find().toArray()) keys.add(dataKey.id);
      expect(keys.size).toBe(4);
    },
  );

  test('has no step that is missing above', async () => {
    for (const id of ['co_a', 'co_b']) await company(id);
    const steps: string[] = [];
    await renew({ onProgress: ({ step }) => steps.push(step) });
    expect(steps).toHaveLength(STEPS);
    expect(new Set(steps)).toEqual(new Set(['renewed', 'sealed', 'waiting', 'dropped']));
  });

  test('between the two keys can have its key-encryption key changed: the old one is needed no more', async () => {
    const secrets = await company('co');
    const stop = ({ step }: RenewalProgress) => {
      if (step === 'renewed') throw new Error('cut off');
    };
    await expect(renew({ onProgress: stop })).rejects.toThrow('cut off');
    const [old] = KEYS as [(typeof KEYS)[number]];
    const next = { kid: 'kek-2', key: randomBytes(32) };
    expect(await rotateDataKeys({ db: database.db, keys: [next, old] })).toMatchObject({ rewrapped: 2, failed: [] });
    expect(await keysOf('co')).toMatchObject({ dataKey: { kid: 'kek-2' }, previousDataKey: { kid: 'kek-2' } });
    const { sealed } = await renewDataKeys({ db: database.db, keys: [next], graceMs: GRACE_MS });
    expect([sealed, secrets.size]).toEqual([3, 4]);
    const vault = testVault(database.db, [next]);
    for (const document of await webhooks().find({ companyId: 'co' }).toArray()) await openEndpoint(vault, document);
  });
});

test('two at once renew each company once', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `co_${index}`);
  const secrets = new Map(await Promise.all(ids.map(async (id) => [id, await company(id)] as const)));
  const both = await Promise.all([renew({ graceMs: 500 }), renew({ graceMs: 500 })]);
  const sum = (field: 'renewed' | 'dropped') => both.reduce((total, result) => total + result[field], 0);
  expect([sum('renewed'), sum('dropped')]).toEqual([12, 12]);
  expect(both.flatMap(({ kept, unreadable }) => [...kept, ...unreadable])).toEqual([]);
  for (const id of ids) await expectRenewed(id, secrets.get(id) ?? new Map());
});

describe('edits meanwhile', () => {
  test('win, and what a process seals with the old key that it remembers is sealed anew', async () => {
    const secrets = await company('co');
    const [webhookId = ''] = secrets.keys();
    const store = newStore();
    // From here on this store remembers the data key, as an admin process does for a minute.
    await store.replaceEndpoint({ companyId: 'co', webhookId }, endpoint('0'), new Date());
    const old = (await keysOf('co')).dataKey.id;
    let [edits, isWaiting] = [1, false];
    const edit = async (): Promise<void> => {
      await store.replaceEndpoint({ companyId: 'co', webhookId }, endpoint(String(edits)), new Date());
      edits += 1;
    };
    const editing = (async () => {
      while (!isWaiting) await edit();
      await edit();
      expect(await kidsOf('co')).toContain(old);
    })();
    const renewing = renew({ graceMs: 5_000, onProgress: ({ step }) => void (isWaiting ||= step === 'waiting') });
    await editing;
    expect(await renewing).toMatchObject({ renewed: 1, dropped: 1, kept: [] });
    secrets.set(webhookId, String(edits - 1));
    await expectRenewed('co', secrets);
    expect((await webhooks().findOne({ companyId: 'co', _id: webhookId }))?.version).toBe(edits + 1);
  });

  test('can go on all the time: the renewal ends and nothing is lost', async () => {
    const secrets = await company('co');
    const [webhookId = ''] = secrets.keys();
    let [edits, isOver] = [0, false];
    const editing = (async () => {
      // A new store each time: a process that has looked.
      for (; !isOver; edits += 1)
        await newStore().replaceEndpoint({ companyId: 'co', webhookId }, endpoint(String(edits)), new Date());
    })();
    await renew();
    isOver = true;
    await editing;
    secrets.set(webhookId, String(edits - 1));
    await expectRenewed('co', secrets);
  });
});

describe('what can’t be opened', () => {
  test('is named and keeps the old key, until it was given again; then the next run renews', async () => {
    const secrets = await company('co');
    const [webhookId = ''] = secrets.keys();
    const ref = { companyId: 'co', webhookId };
    await webhooks().updateOne(
      { companyId: 'co', _id: webhookId },
      { $set: { 'headers.0.value.tag': randomBytes(16) } },
    );
    const { unreadable, kept, dropped } = await renew();
    expect(unreadable).toMatchObject([{ companyId: 'co', webhookId }]);
    expect([kept, dropped]).toEqual([['co'], 0]);
    const { dataKey, previousDataKey } = await keysOf('co');
    expect(await kidsOf('co')).toEqual(new Set([dataKey.id, previousDataKey?.id]));

    await newStore().replaceEndpoint(ref, endpoint('again'), new Date());
    secrets.set(webhookId, 'again');
    expect(await renew()).toMatchObject({ renewed: 1, dropped: 2, unreadable: [], kept: [] });
    await expectRenewed('co', secrets);
    expect((await keysOf('co')).dataKey.id).not.toBe(dataKey.id);
  });

  test('because its key-encryption key is not configured keeps its data key, and stops nobody else', async () => {
    const secrets = await company('co');
    await testVault(database.db, [{ kid: 'lost', key: randomBytes(32) }]).seal('co_lost', 'w', 'f', 'x');
    const lost = await keysOf('co_lost');
    const { refused, renewed } = await renew();
    expect([refused.map(({ companyId }) => companyId), renewed]).toEqual([['co_lost'], 1]);
    expect(await keysOf('co_lost')).toEqual(lost);
    await expectRenewed('co', secrets);
  });
});

test('every command on webhooks and digests names the company', async () => {
  await company('co');
  database.commands.length = 0;
  await renew();
  const filters = database.commands
    .map(({ command }) => command)
    .filter((command) => [command['find'], command['update']].some((name) => NAMED.has(name as string)))
    .flatMap((command) => [
      ...(command['filter'] === undefined ? [] : [command['filter'] as Document]),
      ...((command['updates'] as Document[] | undefined) ?? []).map((update) => update['q'] as Document),
    ]);
  expect(filters.length).toBeGreaterThan(5);
  for (const filter of filters) expect(filter).toHaveProperty('companyId', 'co');
});

const NAMED = new Set(['webhooks', 'idempotency_keys']);
