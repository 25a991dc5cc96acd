import { describe, expect, test } from '@jest/globals';
import { WebhookFigures } from '../../../services/admin/api/webhook-figures.js';
import { emptyHistogram, latencyBucketOf } from '../../../services/shared/core/latency-histogram.js';
import type { RollUp } from '../../../services/shared/core/roll-up.js';

const NOW = Date.UTC(2026, 10, 24, 4, 30, 20);
const THIS_HOUR = Date.UTC(2026, 10, 24, 4);

function rollUp(webhookId: string, at: number, delivered: number, failed: number, durationMs = 20): RollUp {
  const latency = emptyHistogram();
  latency[latencyBucketOf(durationMs)] = delivered + failed;
  return { webhookId, at, delivered, failed, latency, lastDeliveryAt: delivered > 0 ? at + 1_000 : null };
}

const figuresFrom = (rollUps: readonly RollUp[]): WebhookFigures =>
  new WebhookFigures({ rollUps: () => Promise.resolve(rollUps) });

describe('figures of a window', () => {
  test.each([
    ['1h', 60, '2026-11-24T03:31:00.000Z', '2026-11-24T04:30:00.000Z'],
    ['24h', 24, '2026-11-23T05:00:00.000Z', '2026-11-24T04:00:00.000Z'],
    ['7d', 168, '2026-11-17T05:00:00.000Z', '2026-11-24T04:00:00.000Z'],
  ] as const)('%s has %i points, the last of them going on', async (window, points, first, last) => {
    const { series, from, to } = await figuresFrom([]).figures('c1', 'wh_1', window, NOW);
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
    const found = await figuresFrom(rollUps).figures('c1', 'wh_1', '24h', NOW);
    expect(found).toMatchObject({ deliveries: 90, failures: 10, successRate: 0.9 });
    expect(found.series.at(-1)).toMatchObject({ deliveries: 90, failures: 10 });
    expect(Math.abs((found.p50Ms ?? 0) - 10)).toBeLessThanOrEqual(1.5);
    expect(Math.abs((found.p95Ms ?? 0) - 5_000)).toBeLessThanOrEqual(750);
  });

  test('without an attempt there is no rate and no latency', async () => {
    const found = await figuresFrom([]).figures('c1', 'wh_1', '1h', NOW);
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
