import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { CompanySubscriptions } from '../../../services/shared/core/company-subscriptions.js';
import { EVENT_TYPES, type Status } from '../../../services/shared/core/vocabulary.js';
import { ChangeFeed, type Freshness } from '../../../services/shared/platform/mongo/change-feed.js';
import { SubscriptionDirectory } from '../../../services/shared/platform/mongo/subscription-directory.js';
import { WebhookDirectory } from '../../../services/shared/platform/mongo/webhook-directory.js';
import type { WebhookDocument } from '../../../services/shared/platform/mongo/webhook-document.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { openCuttableProxy, type CuttableProxy } from './cuttable-proxy.js';
import { eventually } from './eventually.js';
import { ENDPOINT, inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

const SECRET = { kind: 'basic', username: 'u', password: 'p' } as const;

/** A feed that hears nothing: what remains is polling. */
const DEAF: Freshness = { isHeard: () => false, readAfter: undefined, subscribe: () => undefined };

let database: TestDatabase;
let proxy: CuttableProxy;
let store: WebhookStore;
let feed: ChangeFeed;
let subscriptions: SubscriptionDirectory;
let webhooks: WebhookDirectory;
/** Webhooks whose counted failures somebody else bears in mind. */
const tracked = new Set<string>();
const turned: string[] = [];

function directories(db: Db, freshness: Freshness) {
  return {
    subscriptions: new SubscriptionDirectory({ db, feed: freshness, maxCompanies: 1_000 }),
    webhooks: new WebhookDirectory({
      db,
      feed: freshness,
      vault: testVault(db),
      maxWebhooks: 1_000,
      onCounted: (id) => tracked.has(id),
      onStatus: (id) => turned.push(id),
    }),
  };
}

beforeAll(async () => {
  database = await openTestDatabase();
  proxy = await openCuttableProxy();
  store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
});

beforeEach(async () => {
  feed = new ChangeFeed(database.db, () => undefined);
  ({ subscriptions, webhooks } = directories(database.db, feed));
  feed.start();
  await eventually(() => feed.isHeard(performance.now()));
  database.commands.length = 0;
});

afterEach(() => feed.close());

afterAll(async () => {
  await database.end();
  await proxy.close();
});

/** How often the status of a webhook may have changed, its registration included. */
const turns = (webhookId: string): number => turned.filter((id) => id === webhookId).length;
const CIRCUIT = { openedAt: new Date(), probes: 1, nextProbeAt: new Date() };

const finds = () => database.commands.filter(({ commandName }) => commandName === 'find');
const find = async (companyId: string, webhookId: string) => webhooks.find(companyId, webhookId);
const ofCompany = async (companyId: string, directory = subscriptions): Promise<CompanySubscriptions> =>
  (await directory.lookup([companyId])).get(companyId) ?? CompanySubscriptions.none;
const [EVENT_TYPE = 'call.end'] = ENDPOINT.events;

/** Changes a new webhook that was looked up before, and waits until the feed has told of it. */
async function changedAfter(
  companyId: string,
  lookUp: (webhookId: string) => Promise<void>,
  set: Partial<WebhookDocument> = { failures: [{ attemptId: 'a:1', at: new Date() }] },
): Promise<string> {
  const before = feed.counters.changes;
  const webhookId = await inserted(store, companyId);
  await eventually(() => feed.counters.changes > before);
  await lookUp(webhookId);
  const { changes } = feed.counters;
  await database.db.collection<WebhookDocument>('webhooks').updateOne({ _id: webhookId, companyId }, { $set: set });
  await eventually(() => feed.counters.changes > changes);
  return webhookId;
}

describe('the subscription directory', () => {
  test('answers at once for companies that it knows, those without webhooks included', async () => {
    const { changes } = feed.counters;
    const webhookId = await inserted(store, 'c1');
    await eventually(() => feed.counters.changes > changes);
    expect(subscriptions.lookup(['c1', 'none'])).toBeInstanceOf(Promise);
    await subscriptions.lookup(['c1', 'none']);
    const found = subscriptions.lookup(['c1', 'none', 'c1']);
    if (found instanceof Promise) throw new Error('read again');
    expect([...found.keys()]).toEqual(['c1', 'none']);
    const wanted = (companyId: string) =>
      EVENT_TYPES.filter((eventType) => found.get(companyId)?.matching({ companyId, eventType }).includes(webhookId));
    expect(['c1', 'none'].map(wanted)).toEqual([ENDPOINT.events, []]);
  });

  test('reads all that is missing with one find, which brings no secret along', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `batch-${n}`);
    const { changes } = feed.counters;
    for (const id of ids.slice(0, 5))
      for (let n = 0; n < 3; n += 1) await inserted(store, id, { authentication: SECRET });
    await eventually(() => feed.counters.changes === changes + 15);
    database.commands.length = 0;
    const [first, second] = await Promise.all([subscriptions.lookup(ids), subscriptions.lookup(ids.slice(3, 20))]);
    expect(ids.map((id) => first.get(id)?.webhookIds.length)).toEqual([
      ...Array<number>(5).fill(3),
      ...Array<number>(55).fill(0),
    ]);
    expect(second.size).toBe(17);
    expect(finds()).toHaveLength(1);
    expect(finds()[0]?.command).toMatchObject({ projection: { _id: 1, companyId: 1, events: 1, status: 1 } });
  });

  test('is not disturbed by counted failures', async () => {
    const { invalidated } = subscriptions.counters;
    await changedAfter('calm', async () => void (await subscriptions.lookup(['calm'])));
    expect(subscriptions.counters.invalidated).toBe(invalidated);
  });

  test('is not disturbed by probes', async () => {
    const { invalidated } = subscriptions.counters;
    await changedAfter('probed', async () => void (await subscriptions.lookup(['probed'])), { circuit: CIRCUIT });
    expect(subscriptions.counters.invalidated).toBe(invalidated);
  });

  test('is not disturbed by a webhook that becomes Failed, which still receives; by one that is disabled it is', async () => {
    const matching = async (companyId: string) =>
      (await ofCompany(companyId)).matching({ companyId, eventType: EVENT_TYPE }).length;
    const { invalidated } = subscriptions.counters;
    await changedAfter('fails', async () => void (await matching('fails')), { status: 'failed' });
    expect(subscriptions.counters.invalidated).toBe(invalidated);
    expect(await matching('fails')).toBe(1);
    await changedAfter('disabled', async () => void (await matching('disabled')), { status: 'inactive' });
    expect(await matching('disabled')).toBe(0);
  });

  test('reads no older state than the last change that it heard of, and asks that of no other command', async () => {
    await inserted(store, 'causal');
    await eventually(() => feed.readAfter !== undefined);
    const heard = feed.readAfter;
    database.commands.length = 0;
    await subscriptions.lookup(['causal']);
    await store.findWebhooks([{ companyId: 'causal', webhookId: 'any' }]);
    const concerns = finds().map(({ command }) => ({ ...(command as { readConcern: object }).readConcern }));
    expect(concerns).toEqual([{ level: 'majority', afterClusterTime: heard }, { level: 'majority' }]);
  });

  test('keeps no more companies than it may', async () => {
    const small = new SubscriptionDirectory({ db: database.db, feed, maxCompanies: 10 });
    await small.lookup(Array.from({ length: 100 }, (_, n) => `bounded-${n}`));
    expect(small.size).toBe(10);
  });
});

describe('the webhook directory', () => {
  test('reads a webhook anew for a counted failure', async () => {
    const webhookId = await changedAfter('counting', async (id) => void (await find('counting', id)));
    expect((await find('counting', webhookId))?.failures).toHaveLength(1);
  });

  test('reads nothing anew for one that somebody bears in mind, and what became Failed at once', async () => {
    const webhookId = await changedAfter('failing', async (id) => {
      tracked.add(id);
      await find('failing', id);
    });
    expect(webhooks.find('failing', webhookId)).toMatchObject({ status: 'active', failures: [] });
    const { changes } = feed.counters;
    await database.db
      .collection<WebhookDocument>('webhooks')
      .updateOne({ _id: webhookId, companyId: 'failing' }, { $set: { status: 'failed', failures: [] } });
    await eventually(() => feed.counters.changes > changes);
    expect(await find('failing', webhookId)).toMatchObject({ status: 'failed' });
    expect(turns(webhookId)).toBe(2);
  });

  test('reads nothing anew for a probe', async () => {
    const { invalidated } = webhooks.counters;
    const webhookId = await changedAfter('probed', async (id) => void (await find('probed', id)), { circuit: CIRCUIT });
    expect(webhooks.counters.invalidated).toBe(invalidated);
    expect(turns(webhookId)).toBe(1);
  });

  test('reads together and at once what its own process changed, before the feed has heard', async () => {
    const { changes } = feed.counters;
    const ids = await Promise.all(['own-0', 'own-1'].map((company) => inserted(store, company)));
    await eventually(() => feed.counters.changes === changes + 2);
    const findAll = () => Promise.all(ids.map((webhookId, n) => find(`own-${n}`, webhookId)));
    const before = await findAll();
    database.commands.length = 0;
    // Each as often as attempts were counted together.
    for (let attempts = 0; attempts < 3; attempts += 1)
      ids.forEach((webhookId, n) => webhooks.refreshUnless({ companyId: `own-${n}`, webhookId }, { status: 'failed' }));
    await eventually(() => finds().length === 1);
    const after = await findAll();
    expect(after).toEqual(before);
    after.forEach((webhook, n) => expect(webhook).not.toBe(before[n]));
    expect(finds()).toHaveLength(1);
  });

  test('reads anew what is not as it is said to be, and keeps what is', async () => {
    const webhookId = await changedAfter('said', async (id) => void (await find('said', id)));
    const { version } = (await find('said', webhookId)) ?? { version: NaN };
    const ref = { companyId: 'said', webhookId };
    const isKnownAfter = (state: { readonly version?: number; readonly status: Status }): boolean => {
      webhooks.refreshUnless(ref, state);
      return !(webhooks.find('said', webhookId) instanceof Promise);
    };
    expect(isKnownAfter({ version, status: 'active' })).toBe(true);
    expect(isKnownAfter({ status: 'active' })).toBe(true);
    expect(isKnownAfter({ version, status: 'failed' })).toBe(false);
    await find('said', webhookId);
    expect(isKnownAfter({ version: version + 1, status: 'active' })).toBe(false);
    await find('said', webhookId);
    expect(isKnownAfter({ version, status: 'active' })).toBe(true);
  });

  test('opens the secrets, and answers at once when it knows the webhook', async () => {
    const headers = [{ name: 'X-A', value: 'b' }];
    const { changes } = feed.counters;
    const webhookId = await inserted(store, 'c1', { authentication: SECRET, headers });
    await eventually(() => feed.counters.changes > changes);
    const found = webhooks.find('c1', webhookId);
    expect(found).toBeInstanceOf(Promise);
    expect(await found).toMatchObject({
      id: webhookId,
      companyId: 'c1',
      url: ENDPOINT.url,
      authentication: SECRET,
      headers,
      status: 'active',
      failures: [],
      version: 1,
    });
    expect(webhooks.find('c1', webhookId)).toBe(await found);
  });

  test('does not know the webhook of another company, whoever asked first', async () => {
    const [a, b] = [await inserted(store, 'mine'), await inserted(store, 'theirs')];
    const together = [find('mine', b), find('mine', a), find('theirs', b)];
    const [foreign, own, rightful] = await Promise.all(together);
    expect([foreign, own?.id, rightful?.id]).toEqual([undefined, a, b]);
    expect(webhooks.find('mine', b)).toBeUndefined();
    expect(webhooks.find('theirs', b)).toMatchObject({ id: b });
    expect(await webhooks.find(`mine\n${a}`, a)).toBeUndefined();
    expect(webhooks.find('mine', `x\n${a}`)).toBeUndefined();
  });

  test('reads what is missing in one turn with one find, whose filter names the companies', async () => {
    const ids = [];
    const { changes } = feed.counters;
    for (let n = 0; n < 8; n += 1) ids.push(await inserted(store, `turn-${n}`, { authentication: SECRET }));
    await eventually(() => feed.counters.changes === changes + 8);
    database.commands.length = 0;
    const found = await Promise.all(ids.flatMap((id, n) => [find(`turn-${n}`, id), find(`turn-${n}`, id)]));
    expect(found.every((webhook) => webhook !== undefined)).toBe(true);
    expect(finds().map(({ command }) => (command as { find: string }).find)).toEqual(['webhooks', 'companies']);
    expect(finds()[0]?.command).toMatchObject({ filter: { companyId: {}, _id: {} } });
  });

  test('fails for a webhook whose secrets do not open, and for no other', async () => {
    const [good, bad] = [
      await inserted(store, 'sealed', { authentication: SECRET }),
      await inserted(store, 'sealed', { authentication: SECRET }),
    ];
    const collection = database.db.collection<WebhookDocument>('webhooks');
    const copied = await collection.findOne({ _id: good, companyId: 'sealed' });
    await collection.updateOne(
      { _id: bad, companyId: 'sealed' },
      { $set: { authentication: copied?.authentication ?? { kind: 'none' } } },
    );
    const [first, second] = await Promise.allSettled([find('sealed', good), find('sealed', bad)]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { id: good } });
    expect(second).toMatchObject({ status: 'rejected', reason: { name: 'SealError', fault: 'not-authentic' } });
    await expect(webhooks.find('sealed', bad)).rejects.toMatchObject({ name: 'SealError' });
    // Known to be unreadable for no longer than any other webhook is known: until a person changes it.
    await store.replaceEndpoint({ companyId: 'sealed', webhookId: bad }, ENDPOINT, new Date());
    await eventually(async () => (await find('sealed', bad).catch(() => undefined))?.url === ENDPOINT.url, 2_000);
  });
});

describe('a saved change takes effect', () => {
  const changes = (companyId: string, webhookId: string, from: ReturnType<typeof directories>) => ({
    registered: async () => (await ofCompany(companyId, from.subscriptions)).webhookIds.length === 1,
    disabled: async () =>
      (await ofCompany(companyId, from.subscriptions)).matching({ companyId, eventType: EVENT_TYPE }).length === 0 &&
      (await from.webhooks.find(companyId, webhookId))?.status === 'inactive',
    moved: async () => (await from.webhooks.find(companyId, webhookId))?.url === 'https://moved.example/',
    deleted: async () =>
      (await ofCompany(companyId, from.subscriptions)).webhookIds.length === 0 &&
      (await from.webhooks.find(companyId, webhookId)) === undefined,
  });

  async function liveThrough(companyId: string, from: ReturnType<typeof directories>): Promise<number[]> {
    expect((await ofCompany(companyId, from.subscriptions)).webhookIds).toEqual([]);
    const webhookId = await inserted(store, companyId);
    const seen = changes(companyId, webhookId, from);
    const took = [await eventually(seen.registered)];
    await from.webhooks.find(companyId, webhookId);
    await store.setStatus({ companyId, webhookId }, 'inactive', new Date());
    took.push(await eventually(seen.disabled));
    await store.replaceEndpoint({ companyId, webhookId }, { ...ENDPOINT, url: 'https://moved.example/' }, new Date());
    took.push(await eventually(seen.moved));
    await store.deleteWebhook({ companyId, webhookId });
    took.push(await eventually(seen.deleted));
    return took;
  }

  test('within half a second or so while the feed is heard', async () => {
    for (let n = 0; n < 10; n += 1)
      for (const ms of await liveThrough(`live-${n}`, { subscriptions, webhooks })) expect(ms).toBeLessThan(2_000);
  });

  test('within 2 s without any feed', async () => {
    for (const ms of await liveThrough('deaf', directories(database.db, DEAF))) expect(ms).toBeLessThan(2_000);
  });
});

describe('while MongoDB is away', () => {
  test.each(['cut', 'hang'] as const)(
    'known webhooks are served for less than 2 s, then look-ups fail; afterwards all is as it is in the database (%s)',
    async (fault) => {
      const connection = await database.connectAgain(proxy.uri);
      const ownFeed = new ChangeFeed(connection.db, () => undefined);
      const own = directories(connection.db, ownFeed);
      ownFeed.start();
      await eventually(() => ownFeed.isHeard(performance.now()));
      const companyId = `outage-${fault}`;
      const webhookId = await inserted(store, companyId);
      await eventually(() => ownFeed.counters.changes > 0);
      await own.subscriptions.lookup([companyId]);
      await own.webhooks.find(companyId, webhookId);
      await pause(1_100);
      expect(own.webhooks.find(companyId, webhookId)).toMatchObject({ id: webhookId });
      await proxy[fault]();
      await store.deleteWebhook({ companyId, webhookId });
      const failing: Promise<unknown>[] = [];
      await eventually(() => {
        const found = own.webhooks.find(companyId, webhookId);
        if (found instanceof Promise) failing.push(found);
        return failing.length > 0;
      }, 2_000);
      await expect(failing[0]).rejects.toMatchObject({ name: 'DependencyError' });
      await expect(own.webhooks.find(companyId, webhookId)).rejects.toMatchObject({ name: 'DependencyError' });
      await expect(ofCompany(companyId, own.subscriptions)).rejects.toMatchObject({ name: 'DependencyError' });
      await proxy.mend();
      await eventually(async () => {
        try {
          return (await own.webhooks.find(companyId, webhookId)) === undefined;
        } catch {
          return false;
        }
      }, 15_000);
      expect((await ofCompany(companyId, own.subscriptions)).webhookIds).toEqual([]);
      await eventually(() => ownFeed.isHeard(performance.now()), 15_000);
      await ownFeed.close();
    },
    60_000,
  );
});
