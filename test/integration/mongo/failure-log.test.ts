import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { FailureEntry } from '../../../services/shared/core/failure-log.js';
import { FailureLog } from '../../../services/shared/platform/mongo/failure-log.js';
import type { FailureDocument } from '../../../services/shared/platform/mongo/failure-document.js';
import { openCuttableProxy, type CuttableProxy } from './cuttable-proxy.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let proxy: CuttableProxy;
let log: FailureLog;

beforeAll(async () => {
  database = await openTestDatabase();
  proxy = await openCuttableProxy();
  log = new FailureLog({ db: database.db, retentionMs: 30 * DAY_MS });
});

beforeEach(async () => {
  await database.db.collection('failure_log').deleteMany({});
  database.commands.length = 0;
});

afterAll(async () => {
  await log.close();
  await database.end();
  await proxy.close();
});

function entry(attemptId: string, fields: Partial<FailureEntry> = {}): FailureEntry {
  return {
    attemptId,
    jobId: 'msg_1',
    webhookId: 'wh_1',
    companyId: 'c1',
    eventId: 'e1',
    eventType: 'call.end',
    conversationId: 'call-1',
    attempt: 1,
    at: Date.now(),
    durationMs: 12.5,
    request: { method: 'POST', url: 'https://r.example/?key=***', headers: { 'x-key': '***' }, body: '{}' },
    response: { status: 503, headers: { server: 'x' }, body: 'busy', bodyTruncated: false },
    statusClass: '5xx',
    cause: { kind: 'server-error', text: 'The endpoint failed with status 503.' },
    followUp: { kind: 'retry', at: Date.now() + 3_000 },
    ...fields,
  };
}

const entries = () => database.db.collection<FailureDocument>('failure_log');

describe('an entry', () => {
  test('is kept as it was, with dates as dates and the day on which it expires', async () => {
    const at = Date.UTC(2026, 10, 24);
    await log.append(entry('a:1', { at, followUp: { kind: 'retry', at: at + 3_000 } }));
    expect(await entries().findOne({ _id: 'a:1' })).toMatchObject({
      companyId: 'c1',
      at: new Date(at),
      expiresAt: new Date(at + 30 * DAY_MS),
      followUp: { kind: 'retry', at: new Date(at + 3_000) },
      request: { headers: [{ name: 'x-key', value: '***' }] },
      response: { status: 503, body: 'busy' },
    });
  });

  test('of an attempt without a response, used up or held, is kept too', async () => {
    await log.append(entry('a:1', { response: null, statusClass: 'none', followUp: { kind: 'exhausted' } }));
    await log.append(entry('a:2', { followUp: { kind: 'held' } }));
    expect(await entries().countDocuments()).toBe(2);
  });

  test('may hold whatever an endpoint answers: header names that mean something to MongoDB or to JavaScript', async () => {
    const headers = Object.fromEntries([
      ['$where', '1'],
      ['a.b', '2'],
      ['__proto__', '3'],
      ['constructor', '4'],
    ]) as Record<string, string>;
    await log.append(
      entry('a:1', { response: { status: 200, headers, body: 'nul \0 and \ud800', bodyTruncated: true } }),
    );
    const stored = await entries().findOne({ _id: 'a:1' });
    expect(stored?.response?.headers.map(({ name }) => name)).toEqual(['$where', 'a.b', '__proto__', 'constructor']);
  });

  test('that is written a second time changes nothing, also when several processes write it at once', async () => {
    await log.append(entry('a:1', { durationMs: 1 }));
    await log.append(entry('a:1', { durationMs: 2 }));
    await Promise.all([log.append(entry('a:1')), log.append(entry('a:1'))]);
    expect(await entries().findOne({ _id: 'a:1' })).toMatchObject({ durationMs: 1 });
    const logs = Array.from({ length: 6 }, () => new FailureLog({ db: database.db, retentionMs: DAY_MS }));
    for (let n = 0; n < 30; n += 1) await Promise.all(logs.map((each) => each.append(entry(`race:${n}`))));
    expect(await entries().countDocuments()).toBe(31);
  });

  test('that the database refuses fails alone, without quoting what it held', async () => {
    const refused = log.append(entry('bad:1', { attempt: 0, request: { ...entry('x').request, body: 'canary' } }));
    const good = log.append(entry('good:1'));
    const error: unknown = await refused.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'InvariantError' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary');
    await good;
    expect(await entries().countDocuments()).toBe(1);
  });
});

describe('entries that come together', () => {
  test('are few writes of bounded size, acknowledged by a majority', async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, n) => log.append(entry(`m:${n}`))));
    expect(await entries().countDocuments()).toBe(1_200);
    const writes = database.commands.filter(({ commandName }) => commandName === 'insert');
    expect(writes).toHaveLength(3);
    for (const { command } of writes) {
      expect((command as { documents: unknown[] }).documents.length).toBeLessThanOrEqual(500);
      expect(command).toMatchObject({ writeConcern: { w: 'majority' } });
    }
  });

  test('with large bodies are split by bytes', async () => {
    const body = 'x'.repeat(900_000);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => log.append(entry(`b:${n}`, { request: { ...entry('x').request, body } }))),
    );
    const writes = database.commands.filter(({ commandName }) => commandName === 'insert');
    expect(writes.length).toBeGreaterThanOrEqual(4);
  });

  test('don’t wait for a full batch', async () => {
    const begun = performance.now();
    await log.append(entry('q:1'));
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

test('while MongoDB is away every append fails within seconds; what callers append again is written once', async () => {
  const connection = await database.connectAgain(proxy.uri);
  const fragile = new FailureLog({ db: connection.db, retentionMs: DAY_MS });
  await fragile.append(entry('w:0'));
  await proxy.cut();
  const failing = await Promise.allSettled([1, 2, 3].map((n) => fragile.append(entry(`w:${n}`))));
  for (const each of failing) {
    expect(each).toMatchObject({ status: 'rejected', reason: { name: 'DependencyError', dependency: 'mongodb' } });
  }
  await proxy.mend();
  const append = async (one: FailureEntry): Promise<void> => {
    for (;;) {
      try {
        return await fragile.append(one);
      } catch {
        await pause(100);
      }
    }
  };
  await Promise.all([0, 1, 2, 3].map((n) => append(entry(`w:${n}`))));
  expect(await entries().countDocuments()).toBe(4);
  await fragile.close();
});
