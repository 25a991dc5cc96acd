import { expect, test } from '@jest/globals';
import { createMetrics } from '../../../../services/shared/platform/metrics/metrics.js';
import {
  cacheMetrics,
  consumeMetrics,
  deliveryMetrics,
  fanOutMetrics,
  retryMetrics,
} from '../../../../services/shared/platform/metrics/webhook-metrics.js';

/** The series of our own metrics, without Node's. */
async function seriesOf(metrics: ReturnType<typeof createMetrics>, name: string): Promise<readonly string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line.startsWith(name));
}

test('every series bears the service, and Node’s own metrics are among them', async () => {
  const metrics = createMetrics('tester');
  const { contentType, body } = await metrics.render();
  expect(contentType).toMatch(/^text\/plain/);
  expect(body).toMatch(/nodejs_eventloop_lag_seconds\{service="tester"\}/);
  expect(body).toMatch(/process_resident_memory_bytes\{service="tester"\} \d+/);
});

test('a series stands at 0 from the start, so that its first increase is seen', async () => {
  const metrics = createMetrics('t');
  consumeMetrics(metrics);
  expect(await seriesOf(metrics, 'webhook_records_skipped_total')).toEqual([
    'webhook_records_skipped_total{reason="unknown-event-type",service="t"} 0',
    'webhook_records_skipped_total{reason="tombstone",service="t"} 0',
  ]);
});

test('a value that was not declared counts as other, so no label grows with what strangers send', async () => {
  const metrics = createMetrics('t');
  const { events } = fanOutMetrics(metrics);
  const count = events as (value: string, n?: number) => void;
  count('call.end');
  count('call.end', 2);
  for (let i = 0; i < 1_000; i++) count(`made.up.${i}`);
  const series = await seriesOf(metrics, 'webhook_events_total');
  expect(series).toHaveLength(15);
  expect(series).toContain('webhook_events_total{type="call.end",service="t"} 3');
  expect(series).toContain('webhook_events_total{type="other",service="t"} 1000');
});

test('levels are read when they are scraped', async () => {
  const metrics = createMetrics('t');
  const { inFlight, queuedJobs } = deliveryMetrics(metrics, ['delivered']);
  let n = 1;
  inFlight.readFrom(() => n);
  queuedJobs.set(7);
  n = 5;
  expect(await seriesOf(metrics, 'webhook_attempts_in_flight')).toEqual(['webhook_attempts_in_flight{service="t"} 5']);
  expect(await seriesOf(metrics, 'webhook_queued_jobs')).toEqual(['webhook_queued_jobs{service="t"} 7']);
});

test('the lag of a partition that was given away is no longer told', async () => {
  const metrics = createMetrics('t');
  const { lag } = consumeMetrics(metrics);
  lag.set('calls.events', 0, 12);
  lag.set('calls.events', 1, 3);
  lag.remove('calls.events', 0);
  expect(await seriesOf(metrics, 'webhook_consumer_lag')).toEqual([
    'webhook_consumer_lag_records{topic="calls.events",partition="1",service="t"} 3',
  ]);
});

test('what a cache counts for itself is read when it is scraped, of several caches in one metric', async () => {
  const metrics = createMetrics('t');
  const webhooks = { size: 1, counters: { hits: 0, misses: 1, invalidated: 0 } };
  cacheMetrics(metrics, 'webhooks', webhooks);
  cacheMetrics(metrics, 'subscriptions', { size: 9, counters: { hits: 5, misses: 0, invalidated: 0 } });
  webhooks.counters.hits = 3;
  await metrics.render();
  webhooks.counters.hits = 4;
  expect(await seriesOf(metrics, 'webhook_cache_hits')).toEqual([
    'webhook_cache_hits_total{cache="webhooks",service="t"} 4',
    'webhook_cache_hits_total{cache="subscriptions",service="t"} 5',
  ]);
  expect(await seriesOf(metrics, 'webhook_cache_entries')).toHaveLength(2);
});

test('durations fall into their buckets, in seconds', async () => {
  const metrics = createMetrics('t');
  const { dispatchDelay } = deliveryMetrics(metrics, ['delivered']);
  const { lateness } = retryMetrics(metrics);
  dispatchDelay('overflow', 0.02);
  lateness(0.12);
  const series = await seriesOf(metrics, 'webhook_dispatch_delay_seconds');
  expect(series).toContain('webhook_dispatch_delay_seconds_bucket{le="0.01",service="t",lane="overflow"} 0');
  expect(series).toContain('webhook_dispatch_delay_seconds_bucket{le="0.025",service="t",lane="overflow"} 1');
  expect(await seriesOf(metrics, 'webhook_retry_lateness_seconds_sum')).toEqual([
    'webhook_retry_lateness_seconds_sum{service="t"} 0.12',
  ]);
});

test('all groups fit into one process, and their names follow Prometheus', async () => {
  const metrics = createMetrics('t');
  consumeMetrics(metrics);
  deliveryMetrics(metrics, ['delivered']);
  retryMetrics(metrics);
  const { body } = await metrics.render();
  const types = [...body.matchAll(/^# TYPE (webhook_\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]);
  expect(types.length).toBeGreaterThan(20);
  for (const [name, type] of types) {
    if (type === 'counter') expect(name).toMatch(/_total$/);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    if (type === 'gauge') expect(name).not.toMatch(/_total$/);
  }
});
