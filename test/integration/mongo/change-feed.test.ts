import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { ChangeFeed } from '../../../services/shared/platform/mongo/change-feed.js';
import type { WebhookChange } from '../../../services/shared/platform/mongo/webhook-change.js';
import { WebhookStatus } from '../../../services/shared/platform/mongo/webhook-status.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { killStreams, openStreams } from './change-streams.js';
import { openCuttableProxy, type CuttableProxy } from './cuttable-proxy.js';
import { eventually } from './eventually.js';
import { ENDPOINT, inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
let proxy: CuttableProxy;
let store: WebhookStore;
let feed: ChangeFeed;
let heard: WebhookChange[];
let gaps: number;
let lost: unknown[];

async function startFeed(db: Db): Promise<void> {
  heard = [];
  gaps = 0;
  lost = [];
  feed = new ChangeFeed(db, (error) => lost.push(error));
  feed.subscribe({ onChange: (change) => heard.push(change), onGap: () => (gaps += 1) });
  feed.start();
  await eventually(() => feed.isHeard(performance.now()));
}

beforeAll(async () => {
  database = await openTestDatabase();
  proxy = await openCuttableProxy();
  store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
});

beforeEach(() => startFeed(database.db));

afterEach(() => feed.close());

afterAll(async () => {
  await database.end();
  await proxy.close();
});

const POLICY = { threshold: 3, windowMs: 86_400_000, firstProbeMs: 3_000, maxProbeMs: 900_000 };

const getMores = (): number => database.commands.filter(({ commandName }) => commandName === 'getMore').length;
const heardOf = (webhookId: string) => heard.filter((change) => change.webhookId === webhookId);

describe('a change of a webhook', () => {
  test('is heard within half a second or so: registered, changed, deleted', async () => {
    const webhookId = await inserted(store, 'c1');
    expect(await eventually(() => heardOf(webhookId).length === 1)).toBeLessThan(2_000);
    expect(heardOf(webhookId)[0]).toMatchObject({ companyId: 'c1', changed: undefined });
    await store.setStatus({ companyId: 'c1', webhookId }, 'inactive', new Date());
    expect(await eventually(() => heardOf(webhookId).length === 2)).toBeLessThan(2_000);
    expect(heardOf(webhookId)[1]).toMatchObject({ companyId: undefined });
    expect(heardOf(webhookId)[1]?.changed).toContain('status');
    await store.deleteWebhook({ companyId: 'c1', webhookId });
    expect(await eventually(() => heardOf(webhookId).length === 3)).toBeLessThan(2_000);
  });

  test('names the fields that it concerns: a failure the failures, the one that trips the status, a probe the circuit', async () => {
    const webhookId = await inserted(store, 'counting');
    const ref = { companyId: 'counting', webhookId };
    const status = new WebhookStatus({ db: database.db, policy: POLICY });
    const now = Date.now();
    const probe = { ...ref, kind: 'probe-failed', probe: 1, notBefore: 0 } as const;
    const tripped = new Set(['circuit', 'failures', 'status', 'statusChangedAt', 'statusReason']);
    const steps: readonly (readonly [work: (at: number) => Promise<unknown>, fields: ReadonlySet<string>])[] = [
      [(at) => status.recordFailure({ ...ref, attemptId: 'a:1', startedAt: at, at }), new Set(['failures'])],
      [(at) => status.recordFailure({ ...ref, attemptId: 'a:2', startedAt: at, at }), new Set(['failures'])],
      [(at) => status.recordFailure({ ...ref, attemptId: 'a:3', startedAt: at, at }), tripped],
      [(at) => status.recordFailure({ ...ref, attemptId: 'a:4', startedAt: at, at }), new Set(['failures'])],
      [
        (at) => status.recordProbeFailure({ ...probe, at, openedAt: now + 2, dueAt: now + 3_002 }),
        new Set(['circuit']),
      ],
      [(at) => status.recordSuccess({ ...ref, at }), tripped],
    ];
    for (const [index, [work]] of steps.entries()) {
      await work(now + index);
      await eventually(() => heardOf(webhookId).length === index + 2);
    }
    expect(heardOf(webhookId).map(({ changed }) => changed)).toEqual([undefined, ...steps.map(([, fields]) => fields)]);
    const statuses = heardOf(webhookId).map(({ status: changedTo }) => changedTo ?? '');
    expect(statuses).toEqual(['', '', '', 'failed', '', '', 'active']);
    await status.close();
  });

  test('brings no secret, nor any other field, out of the database', async () => {
    const connection = await database.connectAgain();
    const replies: unknown[] = [];
    connection.client.on('commandSucceeded', ({ reply }) => replies.push(reply));
    await feed.close();
    await startFeed(connection.db);
    const webhookId = await inserted(store, 'c2', { url: 'https://canary.example/' });
    await store.replaceEndpoint(
      { companyId: 'c2', webhookId },
      { ...ENDPOINT, url: 'https://canary.example/2' },
      new Date(),
    );
    await eventually(() => heardOf(webhookId).length === 2);
    expect(JSON.stringify(replies)).toContain(webhookId);
    expect(JSON.stringify(replies)).not.toContain('canary');
  });
});

describe('the feed', () => {
  test('asks the server no more than four times a second, whether nothing changes or much does', async () => {
    const webhookId = await inserted(store, 'busy');
    await eventually(() => heardOf(webhookId).length === 1);
    database.commands.length = 0;
    await pause(2_000);
    expect(getMores()).toBeLessThanOrEqual(9);
    const begun = performance.now();
    for (let n = 1; n <= 150; n += 1)
      await store.setStatus({ companyId: 'busy', webhookId }, n % 2 === 0 ? 'active' : 'inactive', new Date());
    await eventually(() => heardOf(webhookId).length === 151);
    const seconds = (performance.now() - begun) / 1_000;
    // One more for the beginning, one where a batch was cut.
    expect(getMores()).toBeLessThanOrEqual(9 + Math.ceil(seconds * 4) + 2);
  });

  test('misses nothing when its cursor is killed: resumed, or opened anew with a gap announced', async () => {
    const companyId = 'killed';
    let missed = 0;
    for (let round = 0; round < 5; round += 1) {
      await eventually(() => feed.isHeard(performance.now()));
      const before = gaps;
      expect(await killStreams(database.db)).toBeGreaterThan(0);
      const webhookId = await inserted(store, companyId);
      await eventually(() => heardOf(webhookId).length > 0 || gaps > before);
      await store.deleteWebhook({ companyId, webhookId });
      missed += heardOf(webhookId).length === 0 && gaps === before ? 1 : 0;
    }
    expect(missed).toBe(0);
  });

  test('that the server ends for good (the collection was dropped) is opened anew, with a gap announced', async () => {
    await database.db.collection('webhooks').drop();
    await eventually(() => gaps === 2);
    expect(feed.counters).toMatchObject({ opened: 2, lost: 1 });
    expect(lost).toHaveLength(1);
    await eventually(() => feed.isHeard(performance.now()));
    const webhookId = await inserted(store, 'after');
    await eventually(() => heardOf(webhookId).length === 1);
  });

  test.each(['cut', 'hang'] as const)(
    'is no longer trusted 1.5 s after the network failed (%s), and is again after it was mended',
    async (fault) => {
      const connection = await database.connectAgain(proxy.uri);
      await feed.close();
      await startFeed(connection.db);
      await proxy[fault]();
      expect(await eventually(() => !feed.isHeard(performance.now()))).toBeLessThan(5_000);
      const webhookId = await inserted(store, `away-${fault}`);
      await pause(2_000);
      expect(feed.isHeard(performance.now())).toBe(false);
      const before = gaps;
      await proxy.mend();
      await eventually(() => feed.isHeard(performance.now()), 15_000);
      expect(heardOf(webhookId).length === 1 || gaps > before).toBe(true);
    },
    30_000,
  );

  test('is not trusted after this process stood still, until it has listened again', async () => {
    const until = performance.now() + 1_700;
    while (performance.now() < until) /* stand still */ ;
    expect(feed.isHeard(performance.now())).toBe(false);
    await eventually(() => feed.isHeard(performance.now()));
  });

  test('leaves nothing behind when it is closed, also while MongoDB is away', async () => {
    const open = (await openStreams(database.db)).length;
    await feed.close();
    expect(feed.isHeard(performance.now())).toBe(false);
    await eventually(async () => (await openStreams(database.db)).length === open - 1);
    const connection = await database.connectAgain(proxy.uri);
    await startFeed(connection.db);
    await proxy.cut();
    await pause(200);
    const begun = performance.now();
    await feed.close();
    expect(performance.now() - begun).toBeLessThan(4_000);
    await proxy.mend();
  }, 15_000);
});
