import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { ChangeFeed } from '../../../services/shared/platform/mongo/change-feed.js';
import { SubscriptionDirectory } from '../../../services/shared/platform/mongo/subscription-directory.js';
import { WebhookDirectory } from '../../../services/shared/platform/mongo/webhook-directory.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { killStreams } from './change-streams.js';
import { openCuttableProxy, type CuttableProxy } from './cuttable-proxy.js';
import { eventually } from './eventually.js';
import { ENDPOINT, inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
let proxy: CuttableProxy;

beforeAll(async () => {
  database = await openTestDatabase();
  proxy = await openCuttableProxy();
});

afterAll(async () => {
  await database.end();
  await proxy.close();
});

interface Save {
  readonly version: number;
  /** When the save was acknowledged: performance.now(). */
  readonly at: number;
}

/** Changes one webhook again and again, and keeps when each version was saved. */
async function keepChanging(
  store: WebhookStore,
  companyId: string,
  webhookId: string,
  stop: AbortSignal,
): Promise<Save[]> {
  const saves: Save[] = [{ version: 1, at: performance.now() }];
  for (let version = 2; !stop.aborted; version += 1) {
    const status = version % 2 === 0 ? 'inactive' : 'active';
    if (version % 3 === 0) await store.replaceEndpoint({ companyId, webhookId }, ENDPOINT, new Date());
    else await store.setStatus({ companyId, webhookId }, status, new Date());
    saves.push({ version, at: performance.now() });
    await pause(Math.random() < 0.5 ? Math.random() * 30 : 400 + Math.random() * 3_000);
  }
  return saves;
}

/** How long before `asked` the newest save was made that an answer with `version` did not know of; 0 if none. */
function behind(saves: readonly Save[], version: number, asked: number): number {
  const missed = saves.find((save) => save.version > version);
  return missed === undefined ? 0 : Math.max(0, asked - missed.at);
}

function standStill(forMs: number): void {
  const until = performance.now() + forMs;
  while (performance.now() < until) /* stand still */ ;
}

/** Others write much into the same oplog, through which each round looks. */
async function writeMuchElse(db: Db, stop: AbortSignal): Promise<void> {
  const others = db.collection('others');
  while (!stop.aborted) {
    await others.insertMany(Array.from({ length: 500 }, () => ({ body: 'x'.repeat(100) })));
    await pause(50);
  }
}

test('no answer is 2 s behind the database, through killed cursors, cut and silent networks, and standing still', async () => {
  const store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
  const connection = await database.connectAgain(proxy.uri);
  const feed = new ChangeFeed(connection.db, () => undefined);
  const { db } = connection;
  const webhooks = new WebhookDirectory({
    db,
    feed,
    vault: testVault(db),
    maxWebhooks: 2,
    onCounted: () => false,
    onStatus: () => undefined,
  });
  const subscriptions = new SubscriptionDirectory({ db, feed, maxCompanies: 2 });
  feed.start();

  const companies = ['c1', 'c2', 'c3'];
  const ids = await Promise.all(companies.map((companyId) => inserted(store, companyId)));
  const stop = new AbortController();
  const changing = companies.map((companyId, n) => keepChanging(store, companyId, ids[n] as string, stop.signal));
  const writing = writeMuchElse(database.db, stop.signal);
  const answers: { company: number; version: number; asked: number }[] = [];
  let failed = 0;

  const asking = companies.map(async (companyId, company) => {
    while (!stop.signal.aborted) {
      const asked = performance.now();
      try {
        const found = webhooks.find(companyId, ids[company] as string);
        const webhook = found instanceof Promise ? await found : found;
        answers.push({ company, version: webhook?.version ?? 0, asked });
        await subscriptions.lookup([companyId]);
      } catch {
        failed += 1;
      }
      await pause(Math.random() * 10);
    }
  });

  const faults = [
    async () => void (await killStreams(database.db)),
    () => proxy.cut(),
    () => Promise.resolve(proxy.hang()),
    () => Promise.resolve(standStill(1_800)),
  ];
  try {
    for (const fault of faults) {
      await pause(1_500);
      await fault();
      await pause(5_000);
      await proxy.mend();
      await eventually(() => feed.isHeard(performance.now()), 20_000);
    }
  } finally {
    stop.abort();
  }
  const saves = await Promise.all(changing);
  await Promise.all([...asking, writing]);
  await feed.close();

  const delays = answers.map(({ company, version, asked }) => behind(saves[company] ?? [], version, asked));
  expect(answers.length).toBeGreaterThan(1_000);
  expect(failed).toBeGreaterThan(0);
  expect(Math.max(...delays)).toBeLessThan(2_000);
}, 120_000);
