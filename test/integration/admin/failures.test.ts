import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Collection } from 'mongodb';
import { failureRoutes, type FailurePorts } from '../../../services/admin/api/routes/failures.js';
import { figuresRoutes } from '../../../services/admin/api/routes/figures.js';
import { WebhookFigures } from '../../../services/admin/api/webhook-figures.js';
import type { FailureDetail, FailurePage } from '../../../services/admin/contract/failure.js';
import type { Figures } from '../../../services/admin/contract/figures.js';
import { DependencyError } from '../../../services/shared/core/errors.js';
import { emptyHistogram } from '../../../services/shared/core/latency-histogram.js';
import { startOf } from '../../../services/shared/core/roll-up.js';
import type { FailureDocument } from '../../../services/shared/platform/mongo/failure-document.js';
import { FailureLogReader } from '../../../services/shared/platform/mongo/failure-log-reader.js';
import { StatsReader } from '../../../services/shared/platform/mongo/stats-reader.js';
import { StatsWriter } from '../../../services/shared/platform/mongo/stats-writer.js';
import { WebhookPresence } from '../../../services/shared/platform/mongo/webhook-presence.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { principal, startTestApi, type TestApi } from '../../support/api.js';
import { failureDocument, storeFailures } from '../../support/failure-documents.js';
import { readCsv } from '../../support/read-csv.js';
import { eventually } from '../mongo/eventually.js';
import { inserted, testVault } from '../mongo/fixtures.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

/** The failure log and the figures through the API, on a real MongoDB. */
const ENTRIES = 6_000;
let database: TestDatabase;
let entries: Collection<FailureDocument>;
let store: WebhookStore;
let ports: FailurePorts;
let api: TestApi;
let webhookId: string;
let foreignId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  entries = db.collection<FailureDocument>('failure_log');
  store = new WebhookStore({ db, vault: testVault(db) });
  webhookId = await inserted(store, 'c1');
  foreignId = await inserted(store, 'c2');
  await storeFailures(entries, ENTRIES, (number) => failureDocument(number, { webhookId }));
  await storeFailures(entries, 10, (number) =>
    failureDocument(number, { _id: `foreign:${number}`, companyId: 'c2', webhookId: foreignId }),
  );
  const reader = new FailureLogReader(db);
  const presence = new WebhookPresence(db);
  ports = {
    webhookExists: (companyId, id) => presence.has(companyId, id),
    page: (ref, query, range) => reader.page(ref, query, range),
    find: (ref, attemptId) => reader.find(ref, attemptId),
    timeline: (ref, eventId) => reader.timeline(ref, eventId),
    all: (ref, query) => reader.all(ref, query),
    now: () => new Date(),
  };
  const stats = new StatsReader(db);
  const figures = new WebhookFigures({
    rollUps: (companyId, webhookIds, span) => stats.rollUps(companyId, webhookIds, span),
  });
  api = await startTestApi(
    [
      failureRoutes(ports),
      figuresRoutes({
        webhookExists: ports.webhookExists,
        figures: (companyId, id, window) => figures.figures(companyId, id, window, Date.now()),
      }),
    ],
    principal('c1'),
  );
}, 60_000);
beforeEach(() => {
  api.as(principal('c1'));
  database.commands.length = 0;
});
afterAll(async () => {
  await api?.close();
  await database?.end();
});

const failures = (id = webhookId) => `/api/v1/webhooks/${id}/failures`;

describe('a webhook that isn’t there for the company', () => {
  test.each([
    ['the list', (id: string) => failures(id)],
    ['an entry', (id: string) => `${failures(id)}/foreign:1`],
    ['an export', (id: string) => `${failures(id)}/export?format=csv`],
    ['figures', (id: string) => `/api/v1/webhooks/${id}/figures`],
  ])('has no %s: another company’s, a deleted one and a random id answer alike', async (_, pathOf) => {
    const deleted = await inserted(store, 'c1');
    await entries.insertOne(failureDocument(1, { _id: `deleted:${deleted}`, webhookId: deleted }));
    await store.deleteWebhook({ companyId: 'c1', webhookId: deleted });
    const answers = await Promise.all(
      [foreignId, deleted, 'wh_random'].map(async (id) => {
        const { status, headers, json } = await api.request('GET', pathOf(id));
        return { status, type: headers.get('content-type'), ...json, requestId: '' };
      }),
    );
    expect(answers[0]?.status).toBe(404);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  test('an entry of another company is not found under a webhook of one’s own', async () => {
    expect((await api.request('GET', `${failures()}/foreign:1`)).status).toBe(404);
  });
});

describe('the list', () => {
  test('is newest first, in pages of 50, and ends with a null cursor', async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    const query = 'eventType=call.summary';
    do {
      const path: string = `${failures()}?${query}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const { status, json } = await api.request<FailurePage>('GET', path);
      expect(status).toBe(200);
      expect(json.items.length).toBeLessThanOrEqual(50);
      ids.push(...json.items.map(({ id }) => id));
      cursor = json.nextCursor;
    } while (cursor !== null);
    const stored = await entries
      .find({ companyId: 'c1', webhookId, eventType: 'call.summary' })
      .sort({ at: -1, _id: -1 })
      .toArray();
    expect(stored.length).toBeGreaterThan(100);
    expect(ids).toEqual(stored.map(({ _id }) => _id));
  });

  test('tells of each entry what a row shows', async () => {
    const { json } = await api.request<FailurePage>('GET', `${failures()}?eventId=evt_5`);
    const stored = await entries.findOne({ _id: 'job_5:17' });
    expect(json.items.map(({ attempt }) => attempt)).toEqual([3, 2, 1]);
    expect(json.items[0]).toEqual({
      id: 'job_5:17',
      deliveryId: 'job_5',
      eventId: 'evt_5',
      eventType: stored?.eventType,
      attempt: 3,
      at: stored?.at.toISOString(),
      durationMs: 12.25,
      status: stored?.response?.status ?? null,
      statusClass: stored?.statusClass,
      cause: { kind: 'server-error', text: 'The endpoint failed.' },
      followUp: { kind: 'exhausted' },
    });
  });

  test.each([
    ['no cursor of ours', 'cursor=abc'],
    ['a cursor that is an operator', 'cursor[$gt]='],
    ['a page of more than 100', 'limit=101'],
    ['a time that isn’t one', 'from=yesterday'],
    ['a second that Date doesn’t know', 'from=2026-11-24T23:59:60Z'],
    ['an unknown event type', 'eventType=call.nothing'],
    ['an unknown filter', 'phone=1'],
  ])('%s is refused with 400', async (_, query) => {
    expect((await api.request('GET', `${failures()}?${query}`)).status).toBe(400);
  });

  test('a cursor leads only through the list that gave it', async () => {
    const { json } = await api.request<FailurePage>('GET', `${failures()}?limit=1`);
    expect((await api.request('GET', `${failures()}?cursor=${json.nextCursor}`)).status).toBe(200);
    expect((await api.request('GET', `${failures()}?cursor=${json.nextCursor}&statusClass=4xx`)).status).toBe(400);
    api.as(principal('c2'));
    expect((await api.request('GET', `${failures(foreignId)}?cursor=${json.nextCursor}`)).status).toBe(400);
  });
});

test('an entry is told in full, with all failed attempts of its event', async () => {
  const { status, json } = await api.request<FailureDetail>('GET', `${failures()}/${encodeURIComponent('job_5:16')}`);
  const stored = await entries.findOne({ _id: 'job_5:16' });
  expect(status).toBe(200);
  expect(json).toMatchObject({ id: 'job_5:16', conversationId: 'call_5', request: stored?.request });
  expect(json.response).toEqual(stored?.response);
  expect(json.timeline.map(({ id }) => id)).toEqual(['job_5:15', 'job_5:16', 'job_5:17']);
});

describe('an export', () => {
  const stored = (filter = {}) =>
    entries
      .find({ companyId: 'c1', webhookId, ...filter })
      .sort({ at: -1, _id: -1 })
      .toArray();

  test('as NDJSON has every stored entry as the API tells it', async () => {
    const { headers, text } = await api.request('GET', `${failures()}/export?format=ndjson`);
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as FailureDetail).id)).toEqual((await stored()).map(({ _id }) => _id));
    const { json } = await api.request<FailureDetail>('GET', `${failures()}/job_5:16`);
    const { timeline: _, ...record } = json;
    expect(lines.map((line) => JSON.parse(line) as FailureDetail).find(({ id }) => id === 'job_5:16')).toEqual(record);
    expect(headers.get('content-type')).toContain('application/x-ndjson');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="failures-[\w-]+Z\.ndjson"$/);
  }, 30_000);

  test('as CSV has a row of names and the same entries, bodies with quotes and line breaks included', async () => {
    const { text } = await api.request('GET', `${failures()}/export?format=csv&statusClass=5xx`);
    const [names, ...rows] = readCsv(text) as [string[], ...string[][]];
    const column = (name: string) => rows.map((row) => row[names.indexOf(name)]);
    const wanted = await stored({ statusClass: '5xx' });
    expect(column('id')).toEqual(wanted.map(({ _id }) => _id));
    expect(column('response_body')).toEqual(wanted.map(({ response }) => response?.body ?? ''));
    expect(column('request_headers')).toEqual(wanted.map(({ request }) => JSON.stringify(request.headers)));
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([names.length]));
  });

  test('of nothing has its row of names alone', async () => {
    const { status, text } = await api.request('GET', `${failures()}/export?format=csv&statusClass=1xx`);
    expect([status, readCsv(text).length]).toEqual([200, 1]);
  });

  /** Entries that further batches were to have. */
  const askedFor = () =>
    database.commands
      .filter(({ commandName }) => commandName === 'getMore')
      .reduce((sum, { command }) => sum + Number(command['batchSize']), 0);
  const openExport = async (): Promise<IncomingMessage> => {
    const [response] = (await once(get(`${api.url}${failures()}/export?format=ndjson`), 'response')) as [
      IncomingMessage,
    ];
    response.on('error', () => undefined);
    return response;
  };

  test('reads no further than its reader does, and closes its cursor when the reader leaves', async () => {
    const response = await openExport();
    let before = -1;
    // Sockets fill up; then the reading stands still, far from the end.
    await eventually(async () => {
      const now = askedFor();
      const still = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return still && now > 0;
    });
    expect(askedFor()).toBeLessThan(ENTRIES - 500);
    expect(database.commands.some(({ commandName }) => commandName === 'killCursors')).toBe(false);
    response.destroy();
    await eventually(() => database.commands.some(({ commandName }) => commandName === 'killCursors'));
  }, 30_000);

  test('two run at once for a company; a third is refused until one ends', async () => {
    const open = [await openExport(), await openExport()];
    const refused = await api.request('GET', `${failures()}/export?format=ndjson`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    api.as(principal('c2'));
    expect((await api.request('GET', `${failures(foreignId)}/export?format=ndjson`)).status).toBe(200);
    api.as(principal('c1'));
    for (const each of open) each.destroy();
    await eventually(async () => (await api.request('GET', `${failures()}/export?format=ndjson`)).status === 200);
  }, 30_000);

  test('what fails before the first byte is a problem', async () => {
    const away = await startTestApi(
      [
        failureRoutes({
          ...ports,
          all: () => ({
            [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new DependencyError('mongodb', 'away')) }),
          }),
        }),
      ],
      principal('c1'),
    );
    for (const format of ['csv', 'ndjson']) {
      const { status, headers } = await away.request('GET', `${failures()}/export?format=${format}`);
      expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
        503,
        'application/problem+json',
        null,
      ]);
    }
    await away.close();
  });

  test('what fails after it cuts the connection, so that no part passes for the whole', async () => {
    async function* breaking() {
      // More than a piece, so that the answer has begun.
      yield await Promise.resolve(Array.from({ length: 200 }, (_, number) => failureDocument(number)));
      throw new DependencyError('mongodb', 'away');
    }
    const away = await startTestApi([failureRoutes({ ...ports, all: breaking })], principal('c1'));
    await expect(away.request('GET', `${failures()}/export?format=csv`)).rejects.toThrow();
    expect((await away.request('GET', `${failures()}?limit=1`)).status).toBe(200);
    await away.close();
  });

  test('the end of the process doesn’t wait for a slow reader', async () => {
    const ending = await startTestApi([failureRoutes(ports)], principal('c1'));
    const [response] = (await once(get(`${ending.url}${failures()}/export?format=ndjson`), 'response')) as [
      IncomingMessage,
    ];
    const cut = new Promise((resolve) => response.once('close', resolve));
    response.on('error', () => undefined);
    await ending.close();
    response.resume();
    await cut;
    expect(response.complete).toBe(false);
  }, 30_000);
});

test('figures tell what the delivery processes wrote', async () => {
  const now = Date.now();
  const latency = emptyHistogram();
  latency[10] = 4;
  const series = { number: 1, companyId: 'c1', webhookId, delivered: 3, failed: 1, latency, lastDeliveryAt: now };
  await new StatsWriter({ db: database.db, writer: 'p1' }).write([
    { ...series, resolution: 'hour', at: startOf('hour', now) },
    { ...series, number: 2, resolution: 'minute', at: startOf('minute', now) },
  ]);
  for (const [window, points] of [
    ['1h', 60],
    ['24h', 24],
    ['7d', 168],
  ] as const) {
    const { status, json } = await api.request<Figures>(
      'GET',
      `/api/v1/webhooks/${webhookId}/figures?window=${window}`,
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({ window, deliveries: 3, failures: 1, successRate: 0.75 });
    expect(json.series).toHaveLength(points);
    expect(json.p50Ms).toBe(json.p99Ms);
  }
  expect((await api.request('GET', `/api/v1/webhooks/${webhookId}/figures?window=2h`)).status).toBe(400);
});
