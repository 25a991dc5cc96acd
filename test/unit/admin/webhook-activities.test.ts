import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  WebhookActivities,
  type ActivityPorts,
  type RollUpRange,
} from '../../../services/admin/api/webhook-activities.js';
import { emptyHistogram, latencyBucketOf } from '../../../services/shared/core/latency-histogram.js';
import type { RollUp } from '../../../services/shared/core/roll-up.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const THIS_HOUR = Date.UTC(2026, 10, 24, 4);
const NOW = THIS_HOUR + 30 * MINUTE_MS + 20_000;

function rollUp(webhookId: string, at: number, delivered: number, failed: number, durationMs = 20): RollUp {
  const latency = emptyHistogram();
  latency[latencyBucketOf(durationMs)] = delivered + failed;
  return { webhookId, at, delivered, failed, latency, lastDeliveryAt: delivered > 0 ? at + 1_000 : null };
}

/** Of what is stored at the time of asking. */
function activitiesFrom(stored: readonly RollUp[], overrides: Partial<ActivityPorts> = {}) {
  const reads: (RollUpRange & { readonly companyId: string })[] = [];
  const activities = new WebhookActivities({
    rollUps: (companyId, webhookIds, range) => {
      reads.push({ companyId, ...range });
      const { from, before } = range;
      return Promise.resolve(
        stored.filter(({ webhookId, at }) => webhookIds.includes(webhookId) && at >= from && at < before),
      );
    },
    lastDeliveryAt: (_companyId, id) => {
      const all = stored.flatMap(({ webhookId, lastDeliveryAt }) => (webhookId === id ? (lastDeliveryAt ?? []) : []));
      return Promise.resolve(all.length === 0 ? null : Math.max(...all));
    },
    ...overrides,
  });
  return { activities, reads };
}

describe('what webhooks of a list did', () => {
  test('each has its own, those that did nothing too', async () => {
    const { activities } = activitiesFrom([
      rollUp('wh_1', THIS_HOUR, 3, 1),
      rollUp('wh_1', THIS_HOUR, 2, 0),
      rollUp('wh_1', THIS_HOUR - HOUR_MS, 1, 0),
      rollUp('wh_1', THIS_HOUR - 24 * HOUR_MS, 100, 0),
    ]);
    const found = await activities.of('c1', ['wh_1', 'wh_2'], NOW);
    expect(found.get('wh_1')).toMatchObject({
      lastDeliveryAt: '2026-11-24T04:00:01.000Z',
      last24h: { deliveries: 6, failures: 1, successRate: 6 / 7 },
    });
    expect(found.get('wh_1')?.last24h.p50Ms.map((p50) => p50 !== null)).toEqual([
      ...new Array<boolean>(22).fill(false),
      true,
      true,
    ]);
    expect(found.get('wh_2')).toMatchObject({ lastDeliveryAt: null, last24h: { deliveries: 0, successRate: null } });
  });

  test('one that was quiet for a day still tells when it delivered last', async () => {
    const { activities } = activitiesFrom([], { lastDeliveryAt: () => Promise.resolve(NOW - 48 * HOUR_MS) });
    expect((await activities.of('c1', ['wh_1'], NOW)).get('wh_1')?.lastDeliveryAt).toBe('2026-11-22T04:30:20.000Z');
  });

  test('the hour that goes on is read once in 5 s per company, past ones once in minutes, all when the list changed', async () => {
    const { activities, reads } = activitiesFrom([]);
    const read = (): string[] =>
      reads.splice(0).map(({ companyId, from }) => `${companyId} ${from === THIS_HOUR ? 'this' : 'past'}`);
    await Promise.all(Array.from({ length: 50 }, () => activities.of('c1', ['wh_1'], NOW)));
    await activities.of('c1', ['wh_1'], NOW + 4_999);
    expect(read()).toEqual(['c1 past', 'c1 this']);
    await activities.of('c1', ['wh_1'], NOW + 5_000);
    await activities.of('c1', ['wh_1'], NOW + 4 * MINUTE_MS);
    expect(read()).toEqual(['c1 this', 'c1 this']);
    await activities.of('c1', ['wh_1'], NOW + 11 * MINUTE_MS);
    expect(read()).toEqual(['c1 past', 'c1 this']);
    await activities.of('c1', ['wh_1', 'wh_2'], NOW + 11 * MINUTE_MS + 1);
    await activities.of('c2', ['wh_1', 'wh_2'], NOW);
    expect(read()).toEqual(['c1 past', 'c1 this', 'c2 past', 'c2 this']);
  });

  test('an hour is not past before its last roll-up can have been written', async () => {
    const stored = [rollUp('wh_1', THIS_HOUR, 1, 0)];
    const { activities } = activitiesFrom(stored);
    const delivered = async (at: number) => (await activities.of('c1', ['wh_1'], at)).get('wh_1')?.last24h.deliveries;
    expect(await delivered(THIS_HOUR + HOUR_MS + 10_000)).toBe(1);
    stored[0] = rollUp('wh_1', THIS_HOUR, 7, 0);
    expect(await delivered(THIS_HOUR + HOUR_MS + 20_000)).toBe(7);
  });

  test('whenever it was asked before, the answer is what a first reading would say', async () => {
    const at = fc.integer({ min: -26, max: 2 }).map((hours) => THIS_HOUR + hours * HOUR_MS);
    const stored = fc.array(fc.tuple(fc.constantFrom('wh_1', 'wh_2'), at, fc.nat(5), fc.nat(5)), { maxLength: 30 });
    const minutes = fc.uniqueArray(fc.nat(180), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(stored, minutes, async (entries, asked) => {
        const rollUps = entries.map((entry) => rollUp(...entry));
        const { activities } = activitiesFrom(rollUps);
        for (const minute of asked.sort((a, b) => a - b)) {
          const now = NOW + minute * MINUTE_MS;
          const fresh = await activitiesFrom(rollUps).activities.of('c1', ['wh_1', 'wh_2'], now);
          expect(await activities.of('c1', ['wh_1', 'wh_2'], now)).toEqual(fresh);
        }
      }),
    );
  });

  test('a failed read is not kept', async () => {
    let away = true;
    const { activities } = activitiesFrom([], {
      rollUps: () => (away ? Promise.reject(new Error('away')) : Promise.resolve([])),
    });
    await expect(activities.of('c1', ['wh_1'], NOW)).rejects.toThrow('away');
    away = false;
    expect((await activities.of('c1', ['wh_1'], NOW)).size).toBe(1);
  });
});
