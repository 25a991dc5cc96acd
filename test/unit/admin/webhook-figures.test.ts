import { describe, expect, test } from '@jest/globals';
import { WebhookFigures, type FiguresPorts } from '../../../services/admin/api/webhook-figures.js';
import { emptyHistogram, latencyBucketOf } from '../../../services/shared/core/latency-histogram.js';
import type { RollUp } from '../../../services/shared/core/roll-up.js';

const NOW = Date.UTC(2026, 10, 24, 4, 30, 20);
const HOUR_MS = 3_600_000;
const THIS_HOUR = Date.UTC(2026, 10, 24, 4);

function rollUp(webhookId: string, at: number, delivered: number, failed: number, durationMs = 20): RollUp {
  const latency = emptyHistogram();
  latency[latencyBucketOf(durationMs)] = delivered + failed;
  return { webhookId, at, delivered, failed, latency, lastDeliveryAt: delivered > 0 ? at + 1_000 : null };
}

function figuresFrom(rollUps: readonly RollUp[], overrides: Partial<FiguresPorts> = {}) {
  const reads: unknown[] = [];
  const figures = new WebhookFigures({
    rollUps: (companyId, webhookIds, span) => {
      reads.push([companyId, webhookIds, span]);
      return Promise.resolve(rollUps);
    },
    lastDeliveryAt: () => Promise.resolve(null),
    ...overrides,
  });
  return { figures, reads };
}

describe('figures of a window', () => {
  test.each([
    ['1h', 60, '2026-11-24T03:31:00.000Z', '2026-11-24T04:30:00.000Z'],
    ['24h', 24, '2026-11-23T05:00:00.000Z', '2026-11-24T04:00:00.000Z'],
    ['7d', 168, '2026-11-17T05:00:00.000Z', '2026-11-24T04:00:00.000Z'],
  ] as const)('%s has %i points, the last of them going on', async (window, points, first, last) => {
    const { series, from, to } = await figuresFrom([]).figures.figures('c1', 'wh_1', window, NOW);
    expect([series.length, from, series[0]?.at, series.at(-1)?.at, to]).toEqual([
      points,
      first,
      first,
      last,
      '2026-11-24T04:30:20.000Z',
    ]);
  });

  test('several processes add up, also their latencies', async () => {
    const rollUps = [rollUp('wh_1', THIS_HOUR, 90, 0, 10), rollUp('wh_1', THIS_HOUR, 0, 10, 5_000)];
    const found = await figuresFrom(rollUps).figures.figures('c1', 'wh_1', '24h', NOW);
    expect(found).toMatchObject({ deliveries: 90, failures: 10, successRate: 0.9 });
    expect(found.series.at(-1)).toMatchObject({ deliveries: 90, failures: 10 });
    expect(Math.abs((found.p50Ms ?? 0) - 10)).toBeLessThanOrEqual(1.5);
    expect(Math.abs((found.p95Ms ?? 0) - 5_000)).toBeLessThanOrEqual(750);
  });

  test('without an attempt there is no rate and no latency', async () => {
    const found = await figuresFrom([]).figures.figures('c1', 'wh_1', '1h', NOW);
    expect(found).toMatchObject({
      deliveries: 0,
      failures: 0,
      successRate: null,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
    });
  });
});

describe('figures for a list', () => {
  test('each webhook has its own, those that did nothing too', async () => {
    const { figures } = figuresFrom([rollUp('wh_1', THIS_HOUR, 3, 1), rollUp('wh_1', THIS_HOUR - HOUR_MS, 1, 0)]);
    const found = await figures.figuresOf('c1', ['wh_1', 'wh_2'], NOW);
    expect(found.get('wh_1')).toMatchObject({
      lastDeliveryAt: '2026-11-24T04:00:01.000Z',
      last24h: { deliveries: 4, failures: 1, successRate: 0.8 },
    });
    expect(found.get('wh_1')?.last24h.p50Ms.map((p50) => p50 !== null)).toEqual([
      ...new Array<boolean>(22).fill(false),
      true,
      true,
    ]);
    expect(found.get('wh_2')).toMatchObject({ lastDeliveryAt: null, last24h: { deliveries: 0, successRate: null } });
  });

  test('a webhook that was quiet for a day still tells when it delivered last', async () => {
    const { figures } = figuresFrom([], { lastDeliveryAt: () => Promise.resolve(NOW - 48 * HOUR_MS) });
    expect((await figures.figuresOf('c1', ['wh_1'], NOW)).get('wh_1')?.lastDeliveryAt).toBe('2026-11-22T04:30:20.000Z');
  });

  test('are read once in 5 s per company, and again when the list has changed', async () => {
    const { figures, reads } = figuresFrom([]);
    await Promise.all(Array.from({ length: 50 }, () => figures.figuresOf('c1', ['wh_1'], NOW)));
    await figures.figuresOf('c1', ['wh_1'], NOW + 4_999);
    expect(reads).toHaveLength(1);
    await figures.figuresOf('c1', ['wh_1', 'wh_2'], NOW + 4_999);
    await figures.figuresOf('c2', ['wh_1', 'wh_2'], NOW + 4_999);
    await figures.figuresOf('c2', ['wh_1', 'wh_2'], NOW + 9_999);
    expect(reads).toHaveLength(4);
  });

  test('a failed read is not kept', async () => {
    let away = true;
    const { figures } = figuresFrom([], {
      rollUps: () => (away ? Promise.reject(new Error('away')) : Promise.resolve([])),
    });
    await expect(figures.figuresOf('c1', ['wh_1'], NOW)).rejects.toThrow('away');
    away = false;
    expect((await figures.figuresOf('c1', ['wh_1'], NOW)).size).toBe(1);
  });
});
