import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { FailureDocument } from '../../../services/shared/platform/mongo/failure-document.js';
import { rssMiBOf, watchRss } from '../../bench/shared/process-usage.js';
import { startAdminProcess, type AdminProcess } from '../../support/admin-process.js';
import { failureDocument, storeFailures } from '../../support/failure-documents.js';
import { inserted, testVault } from '../mongo/fixtures.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';

/**
 * "Export in constant memory": the promise is that the process grows by less than 50 MiB. The file is three times as
 * large, so that a server that reads ahead of a slow reader can't pass.
 */
const ENTRIES = 20_000;
const WARM_UP_ENTRIES = 3_000;
const WARM_UPS = 6;
const BODY = 'x'.repeat(7_000);
const PROMISED_MIB = 50;
const READ_AT_ONCE = 4 * 1024 * 1024;

let database: TestDatabase;
let admin: AdminProcess;

beforeAll(async () => {
  database = await openTestDatabase();
  admin = await startAdminProcess(database);
}, 60_000);
afterAll(async () => {
  await admin?.stop();
  await database?.end();
}, 60_000);

test('the process doesn’t grow for a reader that is fast, nor for one that pauses again and again and holds the export up', async () => {
  const store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
  const webhookId = await inserted(store, admin.companyId);
  const small = await inserted(store, admin.companyId);
  const entries = database.db.collection<FailureDocument>('failure_log');
  const entryOf = (number: number, webhook: string, prefix: string) => {
    const entry = failureDocument(number, { companyId: admin.companyId, webhookId: webhook });
    return { ...entry, _id: `${prefix}${number}`, request: { ...entry.request, body: BODY } };
  };
  await storeFailures(entries, ENTRIES, (number) => entryOf(number, webhookId, 'large:'));
  await storeFailures(entries, WARM_UP_ENTRIES, (number) => entryOf(number, small, 'small:'));
  // What exports need once: compiled code, connections, and the collector's space for what is young. That alone may come
  // to 32 MiB, which V8 doubles up to when it likes: hence several small files, as many bytes as the large one has.
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) await readExport(small);

  const rss: number[] = [];
  const watched = await watchRss(admin.service.pid, async () => [
    await readExport(webhookId),
    await readExport(webhookId, async () => void rss.push(await rssMiBOf(admin.service.pid))),
  ]);
  for (const { lines, bytes } of watched.result) {
    expect(lines).toBe(ENTRIES);
    expect(bytes).toBeGreaterThan(3 * PROMISED_MIB * 1024 * 1024 * 0.9);
  }
  expect(rss.length).toBeGreaterThan(20);
  expect(watched.peakMiB - watched.beforeMiB).toBeLessThan(PROMISED_MIB);
}, 120_000);

/** Reads it whole; lets `pause` run after every few MiB, while the socket is not read. */
async function readExport(webhookId: string, pause?: () => Promise<void>): Promise<{ lines: number; bytes: number }> {
  const url = `${admin.url}/api/v1/webhooks/${webhookId}/failures/export?format=ndjson`;
  const [answer] = (await once(get(url, { headers: admin.token }), 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  let [lines, bytes, sincePause] = [0, 0, 0];
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    sincePause += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
    if (pause === undefined || sincePause < READ_AT_ONCE) continue;
    sincePause = 0;
    await pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(answer.complete).toBe(true);
  return { lines, bytes };
}
