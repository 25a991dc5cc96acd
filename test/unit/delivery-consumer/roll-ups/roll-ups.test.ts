import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AttemptReport } from '../../../../services/delivery-consumer/handler.js';
import { AttemptTotals, type AttemptSeries } from '../../../../services/delivery-consumer/roll-ups/attempt-totals.js';
import { RollUps, countedAttempt } from '../../../../services/delivery-consumer/roll-ups/roll-ups.js';
import { classify } from '../../../../services/shared/core/outcome.js';
import { NOW, answerOf, jobOf, webhookOf } from '../../../support/samples.js';

const HOUR_MS = 3_600_000;

function attempt(webhookId = 'wh_1', at = NOW, outcome: 'delivered' | 'failed' = 'delivered') {
  return { companyId: 'c1', webhookId, outcome, durationMs: 12, at };
}

function report(status: number, overrides: Partial<AttemptReport> = {}): AttemptReport {
  const outcome = classify(answerOf(status, { durationMs: 40 }));
  if (outcome.kind === 'unmade') throw new Error('an answer is an outcome');
  return {
    job: jobOf(),
    webhook: webhookOf(),
    request: { method: 'POST', origin: 'https://r.example', path: '/', headers: {}, body: Buffer.alloc(0) } as never,
    outcome,
    decision: { kind: 'delivered' },
    startedAt: NOW - 40,
    endedAt: NOW,
    ...overrides,
  };
}

describe('an attempt', () => {
  test.each([
    ['that was answered with 2xx counts as delivered', report(200), { outcome: 'delivered', durationMs: 40 }],
    ['that was refused counts as failed', report(503), { outcome: 'failed', durationMs: 40 }],
    ['that was never sent has no latency', report(503, { request: null }), { outcome: 'failed', durationMs: null }],
  ])('%s', (_, made, counted) => expect(countedAttempt(made)).toMatchObject({ ...counted, at: NOW }));

  test('with credentials that we can’t open counts for nothing', () => {
    expect(countedAttempt(report(503, { webhook: { id: 'wh_1', unreadable: 'no key' } }))).toBeUndefined();
  });
});

describe('totals', () => {
  test('are kept per minute and per hour', () => {
    const totals = new AttemptTotals({ maxSeries: 100 });
    for (const at of [NOW, NOW + 59_999, NOW + 60_000, NOW + HOUR_MS]) totals.count(attempt('wh_1', at));
    const told = totals
      .unwritten()
      .map(({ resolution, at, delivered }) => [resolution, (at - NOW) / 60_000, delivered]);
    expect(told.sort()).toEqual([
      ['hour', 0, 3],
      ['hour', 60, 1],
      ['minute', 0, 2],
      ['minute', 1, 1],
      ['minute', 60, 1],
    ]);
  });

  test('what was counted during a write is written by the next', () => {
    const totals = new AttemptTotals({ maxSeries: 100 });
    totals.count(attempt());
    const writing = totals.unwritten();
    totals.count(attempt());
    totals.markWritten(writing);
    expect(totals.unwritten().map(({ delivered }) => delivered)).toEqual([2, 2]);
    totals.markWritten(totals.unwritten());
    expect(totals.unwritten()).toEqual([]);
  });

  test('minutes and hours that are over are let go once they are written, not before', () => {
    const totals = new AttemptTotals({ maxSeries: 100 });
    totals.count(attempt());
    totals.forgetBefore(NOW + 2 * HOUR_MS);
    expect(totals.size).toBe(2);
    totals.markWritten(totals.unwritten());
    totals.forgetBefore(NOW + 60_000);
    expect(totals.size).toBe(1);
    totals.forgetBefore(NOW + HOUR_MS);
    expect(totals.size).toBe(0);
  });

  test('stay within their bound, and a series begun anew has a number of its own', () => {
    const totals = new AttemptTotals({ maxSeries: 20 });
    const numbers = new Set<number>();
    for (let webhook = 0; webhook < 200; webhook += 1) {
      totals.count(attempt(`wh_${webhook % 50}`));
      for (const { number } of totals.unwritten()) numbers.add(number);
      expect(totals.size).toBeLessThanOrEqual(20);
    }
    expect(numbers.size).toBe(400);
    expect(totals.takeLost()).toBe(400 - totals.size);
    expect(totals.takeLost()).toBe(0);
  });

  test('whatever comes between, what is written is in the end what was counted', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('count' as const), webhook: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constant('later' as const), ms: fc.integer({ min: 0, max: HOUR_MS }) }),
      fc.constant({ kind: 'write' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const totals = new AttemptTotals({ maxSeries: 10_000 });
        const stored = new Map<number, AttemptSeries>();
        let now = NOW;
        let counted = 0;
        const write = () => {
          for (const series of totals.unwritten()) stored.set(series.number, series);
          totals.markWritten([...stored.values()]);
          totals.forgetBefore(now);
        };
        for (const each of steps) {
          if (each.kind === 'later') now += each.ms;
          else if (each.kind === 'write') write();
          else {
            totals.count(attempt(`wh_${each.webhook}`, now));
            counted += 1;
          }
        }
        write();
        const sums = { minute: 0, hour: 0 };
        for (const { resolution, delivered } of stored.values()) sums[resolution] += delivered;
        expect(sums).toEqual({ minute: counted, hour: counted });
      }),
    );
  });
});

describe('writing', () => {
  let rollUps: RollUps;
  afterEach(() => rollUps.close());

  function start(write: (series: readonly AttemptSeries[]) => Promise<void>) {
    const warnings: string[] = [];
    rollUps = new RollUps(
      { maxSeries: 10_000, everyMs: 3_600_000 },
      { write, now: () => NOW, log: { warn: (event) => void warnings.push(event) } },
    );
    return warnings;
  }

  test('what failed is written by the next round, with what came meanwhile', async () => {
    const written: number[] = [];
    let away = true;
    const warnings = start((series) => {
      if (away) return Promise.reject(new Error('away'));
      written.push(...series.map(({ delivered }) => delivered));
      return Promise.resolve();
    });
    rollUps.count(report(200));
    await rollUps.flush();
    away = false;
    rollUps.count(report(200));
    await rollUps.flush();
    await rollUps.flush();
    expect([warnings, written]).toEqual([['roll-ups.not-written'], [2, 2]]);
  });

  test('a thousand webhooks take few writes, however many deliveries there were', async () => {
    const sizes: number[] = [];
    start((series) => Promise.resolve(void sizes.push(series.length)));
    for (let n = 0; n < 10_000; n += 1) rollUps.count(report(200, { job: jobOf({ webhookId: `wh_${n % 1_000}` }) }));
    await rollUps.flush();
    expect(sizes).toEqual([1_000, 1_000]);
  });

  test('the end writes what is there', async () => {
    const written: number[] = [];
    start((series) => Promise.resolve(void written.push(series.length)));
    rollUps.count(report(200));
    await rollUps.close();
    expect(written).toEqual([2]);
  });
});
