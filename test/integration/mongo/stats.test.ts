import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { emptyHistogram, latencyBucketOf } from '../../../services/shared/core/latency-histogram.js';
import { figuresOver, latencyOf, spanOf } from '../../../services/shared/core/roll-up.js';
import { StatsReader } from '../../../services/shared/platform/mongo/stats-reader.js';
import { StatsWriter, type SeriesTotals } from '../../../services/shared/platform/mongo/stats-writer.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

/** Roll-ups on a real server: totals of several processes, written again, late and in any order. */
const NOW = Date.UTC(2026, 10, 24, 4, 30);
const HOUR_MS = 3_600_000;
const THIS_HOUR = Date.UTC(2026, 10, 24, 4);
const DAY = spanOf('24h', NOW);

let database: TestDatabase;
let reader: StatsReader;

beforeAll(async () => {
  database = await openTestDatabase();
  reader = new StatsReader(database.db);
});
beforeEach(async () => {
  await database.db.collection('webhook_stats').deleteMany({});
  database.commands.length = 0;
});
afterAll(() => database.end());

const writerOf = (writer: string) => new StatsWriter({ db: database.db, writer });

function totals(number: number, delivered: number, fields: Partial<SeriesTotals> = {}): SeriesTotals {
  const latency = emptyHistogram();
  latency[latencyBucketOf(20)] = delivered;
  return {
    number,
    companyId: 'c1',
    webhookId: 'wh_1',
    resolution: 'hour',
    at: THIS_HOUR,
    delivered,
    failed: 1,
    latency,
    lastDeliveryAt: THIS_HOUR + delivered,
    ...fields,
  };
}

const summed = async (webhookId = 'wh_1', companyId = 'c1') =>
  figuresOver(await reader.rollUps(companyId, [webhookId], DAY));

test('totals that are written again, and old ones that arrive late, change nothing', async () => {
  const writer = writerOf('p1');
  await writer.write([totals(1, 5)]);
  await writer.write([totals(1, 9)]);
  await writer.write([totals(1, 9)]);
  await writer.write([totals(1, 5)]);
  expect(await database.db.collection('webhook_stats').countDocuments()).toBe(1);
  expect(await summed()).toMatchObject({ deliveries: 9, failures: 1, successRate: 0.9 });
  expect(await reader.lastDeliveryAt('c1', 'wh_1')).toBe(THIS_HOUR + 9);
});

test('two processes add up, and so do two series of one process', async () => {
  await Promise.all([
    writerOf('p1').write([totals(1, 5), totals(2, 1)]),
    writerOf('p2').write([totals(1, 7)]),
    writerOf('p2').write([totals(1, 7)]),
  ]);
  const found = await summed();
  expect(found).toMatchObject({ deliveries: 13, failures: 3 });
  expect(found.latency.reduce((sum, count) => sum + count, 0)).toBe(13);
  expect(Math.abs((latencyOf(found, 0.5) ?? 0) - 20)).toBeLessThanOrEqual(3);
});

test('any number of series goes in one command', async () => {
  await writerOf('p1').write(Array.from({ length: 1_000 }, (_, n) => totals(n, 1, { webhookId: `wh_${n}` })));
  expect(database.commands.map(({ commandName }) => commandName)).toEqual(['update']);
});

describe('reading', () => {
  test('a window holds its own resolution and its own time, of the webhooks and the company that were asked for', async () => {
    await writerOf('p1').write([
      totals(1, 1),
      totals(2, 2, { at: DAY.from }),
      totals(3, 4, { at: DAY.from - HOUR_MS }),
      totals(4, 8, { resolution: 'minute' }),
      totals(5, 16, { webhookId: 'wh_2' }),
      totals(6, 32, { companyId: 'c2' }),
    ]);
    expect((await summed()).deliveries).toBe(3);
    expect((await summed('wh_1', 'c2')).deliveries).toBe(32);
    expect((await summed('wh_2', 'c2')).deliveries).toBe(0);
    const both = await reader.rollUps('c1', ['wh_1', 'wh_2'], DAY);
    expect(both.map(({ delivered }) => delivered).sort((a, b) => a - b)).toEqual([1, 2, 16]);
  });

  test('the last delivery is found beyond the window, and is null where there was none', async () => {
    const at = THIS_HOUR - 100 * HOUR_MS;
    await writerOf('p1').write([
      totals(1, 1, { at, lastDeliveryAt: at + 5 }),
      totals(2, 0, { at: at + HOUR_MS, lastDeliveryAt: null }),
      totals(3, 0, { webhookId: 'wh_2', lastDeliveryAt: null }),
    ]);
    expect(await reader.lastDeliveryAt('c1', 'wh_1')).toBe(at + 5);
    expect(await reader.lastDeliveryAt('c1', 'wh_2')).toBeNull();
    expect(await reader.lastDeliveryAt('c2', 'wh_1')).toBeNull();
  });

  test('both questions are answered by the index', async () => {
    await writerOf('p1').write(Array.from({ length: 200 }, (_, n) => totals(n, 1, { webhookId: `wh_${n % 20}` })));
    const filter = {
      companyId: 'c1',
      webhookId: { $in: ['wh_1', 'wh_2'] },
      resolution: 'hour',
      at: { $gte: new Date(0) },
    };
    const { executionStats } = await database.db.collection('webhook_stats').find(filter).explain('executionStats');
    expect(executionStats).toMatchObject({ nReturned: 20, totalDocsExamined: 20 });
  });
});

test('minutes are kept for the hour that is shown of them, hours for the week', async () => {
  await writerOf('p1').write([totals(1, 1), totals(2, 1, { resolution: 'minute', at: NOW })]);
  const kept = await database.db.collection('webhook_stats').find().sort({ _id: 1 }).toArray();
  const hours = kept.map(({ at, expiresAt }) => ((expiresAt as Date).getTime() - (at as Date).getTime()) / HOUR_MS);
  expect(hours[0]).toBeGreaterThanOrEqual(7 * 24 + 1);
  expect(hours[1]).toBeGreaterThanOrEqual(2);
  expect(hours[1]).toBeLessThanOrEqual(4);
});
