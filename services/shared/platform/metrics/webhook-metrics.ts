import { EVENT_TYPES, type EventType, type Lane, type Status } from '../../core/vocabulary.js';
import type { DropReason } from '../../core/hold.js';
import type { Dependency } from '../../core/errors.js';
import type { ParkReason, SkipReason } from '../../core/verdict.js';
import type { Metrics } from './metrics.js';

/**
 * All metrics of the product, by the part of a process that counts them. A process declares only the groups that it
 * has. Names follow Prometheus: `webhook_`, base units, `_total` for counters. No label names a webhook or a company:
 * what one endpoint does stands in the failure log.
 */

/** Within a cluster: a millisecond to ten seconds. */
const STAGE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From the event to the receiver, retries and standstills included: up to an hour. */
const DELIVERY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
/** How late a 3 s delay ends: the promise is 0.2 s at p99. */
const LATENESS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 3, 10, 60];

const LANES: readonly Lane[] = ['dispatch', 'overflow'];
const DEPENDENCIES: readonly Dependency[] = ['kafka', 'mongodb', 'schema-registry'];
const SKIP_REASONS: readonly SkipReason[] = ['unknown-event-type', 'tombstone'];
const PARK_REASONS: readonly ParkReason[] = ['undecodable', 'contract-broken', 'too-large'];
const DROP_REASONS: readonly DropReason[] = ['held-full', 'held-expired'];
const STATUSES: readonly Status[] = ['active', 'inactive', 'failed'];

/** Of every process that consumes: what became of records that gave no work, how far behind it is, what is away. */
export type ConsumeMetrics = ReturnType<typeof consumeMetrics>;
export function consumeMetrics(metrics: Metrics) {
  return {
    skipped: metrics.counterBy({
      name: 'webhook_records_skipped_total',
      help: 'Records rightly ignored, by reason.',
      label: 'reason',
      values: SKIP_REASONS,
    }),
    deadLetters: metrics.counterBy({
      name: 'webhook_dead_letters_total',
      help: 'Records parked in the dead-letter topic, by reason.',
      label: 'reason',
      values: PARK_REASONS,
    }),
    lag: metrics.gaugePerPartition(
      'webhook_consumer_lag_records',
      'Records between the committed offset and the end of the partition.',
    ),
    uncommitted: metrics.gauge(
      'webhook_uncommitted_records',
      'Records read and not yet committed, over all partitions: what a crash would double at most.',
    ),
    pausedPartitions: metrics.gauge(
      'webhook_paused_partitions',
      'Partitions not read from because a bound is reached.',
    ),
    rebalances: metrics.counter('webhook_rebalances_total', 'Times that the partitions were handed out anew.'),
    dependencyUp: metrics.gaugeBy({
      name: 'webhook_dependency_up',
      help: '1 while the dependency answers, 0 while it is away.',
      label: 'dependency',
      values: DEPENDENCIES,
    }),
  };
}

/** Of the processes that match events with subscriptions. */
export type FanOutMetrics = ReturnType<typeof fanOutMetrics>;
export function fanOutMetrics(metrics: Metrics) {
  const byType = { label: 'type', values: EVENT_TYPES satisfies readonly EventType[] };
  return {
    events: metrics.counterBy({ name: 'webhook_events_total', help: 'Events read, by type.', ...byType }),
    eventsMatched: metrics.counterBy({
      name: 'webhook_events_matched_total',
      help: 'Events that at least one webhook wanted, by type.',
      ...byType,
    }),
    jobs: metrics.counter('webhook_jobs_total', 'Jobs made from events and acknowledged by the dispatch topic.'),
    fanOutDelay: metrics.duration(
      'webhook_fan_out_delay_seconds',
      'From the append of the event to the acknowledgement of its jobs.',
      STAGE_BUCKETS,
    ),
  };
}

/**
 * Of the processes that deliver. `outcomes` are all labels that an attempt can get: `delivered`, `unmade` and the
 * causes of failure.
 */
export type DeliveryMetrics<O extends string> = ReturnType<typeof deliveryMetrics<O>>;
export function deliveryMetrics<O extends string>(metrics: Metrics, outcomes: readonly O[]) {
  return {
    attempts: metrics.counterBy({
      name: 'webhook_attempts_total',
      help: 'Attempts, by outcome.',
      label: 'outcome',
      values: outcomes,
    }),
    attemptDuration: metrics.duration('webhook_attempt_duration_seconds', 'Duration of an attempt.', STAGE_BUCKETS),
    dispatchDelay: metrics.durationBy({
      name: 'webhook_dispatch_delay_seconds',
      help: 'From the append of a job to the start of its attempt, by lane.',
      label: 'lane',
      values: LANES,
      buckets: DELIVERY_BUCKETS,
    }),
    delivery: metrics.duration(
      'webhook_delivery_seconds',
      'From the append of the event to the 2xx of the endpoint, retries included.',
      DELIVERY_BUCKETS,
    ),
    retries: metrics.counter('webhook_retries_total', 'Jobs sent to the retry topic.'),
    exhausted: metrics.counter('webhook_exhausted_total', 'Events that used up their attempts for a webhook.'),
    overflowed: metrics.counter('webhook_overflowed_total', 'Jobs sent to the overflow topic.'),
    dropped: metrics.counter('webhook_jobs_dropped_total', 'Jobs of webhooks that were deleted or disabled meanwhile.'),
    ...heldMetrics(metrics),
    queuedJobs: metrics.gauge('webhook_queued_jobs', 'Jobs in memory that wait for their attempt.'),
    queuedBytes: metrics.gauge('webhook_queued_bytes', 'Bytes of the bodies of all jobs in memory.'),
    queuedWebhooks: metrics.gauge(
      'webhook_queued_webhooks',
      'Webhooks whose jobs wait for their attempt or are being attempted.',
    ),
    inFlight: metrics.gauge('webhook_attempts_in_flight', 'Attempts that are being made.'),
    connections: metrics.gauge('webhook_connections', 'Connections to endpoints that are open.'),
    slowInFlight: metrics.gauge(
      'webhook_slow_attempts_in_flight',
      'Of these, to webhooks that aren’t known to be fast.',
    ),
    overflowing: metrics.gauge(
      'webhook_overflowing_webhooks',
      'Webhooks whose surplus goes to the overflow topic now.',
    ),
    failuresCounted: metrics.counter('webhook_failures_counted_total', 'Failures that counted towards Failed.'),
    statusChanges: metrics.counterBy({
      name: 'webhook_status_changes_total',
      help: 'Changes of a webhook’s status that an outcome caused, by the new status.',
      label: 'status',
      values: STATUSES,
    }),
  };
}

function heldMetrics(metrics: Metrics) {
  return {
    held: metrics.counter(
      'webhook_held_total',
      'Attempts held because their webhook is Failed, or held on because its endpoint asked to wait.',
    ),
    heldDropped: metrics.counterBy({
      name: 'webhook_held_dropped_total',
      help: 'Attempts of Failed webhooks that were dropped because a bound was reached, by reason.',
      label: 'reason',
      values: DROP_REASONS,
    }),
    probes: metrics.counterBy({
      name: 'webhook_probes_total',
      help: 'Probes of Failed webhooks, by result.',
      label: 'result',
      values: ['delivered', 'failed'],
    }),
    recovered: metrics.counter('webhook_held_delivered_total', 'Held attempts made after their webhook became Active.'),
    recoveries: metrics.gauge('webhook_recoveries', 'Webhooks whose held events this process looks after just now.'),
  };
}

/** Of the process that holds retries until they are due. */
export type RetryMetrics = ReturnType<typeof retryMetrics>;
export function retryMetrics(metrics: Metrics) {
  return {
    waiting: metrics.gauge('webhook_retries_waiting', 'Jobs in memory that are not yet due.'),
    returned: metrics.counterBy({
      name: 'webhook_retries_returned_total',
      help: 'Jobs put back on their lane.',
      label: 'lane',
      values: LANES,
    }),
    lateness: metrics.duration(
      'webhook_retry_lateness_seconds',
      'From the instant at which a retry was due to its acknowledgement by its lane.',
      LATENESS_BUCKETS,
    ),
  };
}

/** A cache that counts for itself; how its process uses it is told by `cache`. */
export interface CountedCache {
  readonly size: number;
  readonly counters: { readonly hits: number; readonly misses: number; readonly invalidated: number };
}

/** Of the caches over MongoDB; once per cache of the process. */
export function cacheMetrics(metrics: Metrics, cache: 'subscriptions' | 'webhooks', source: CountedCache): void {
  const by = { label: 'cache', value: cache };
  const total = (what: keyof CountedCache['counters'], help: string): void =>
    metrics.readFrom({
      ...by,
      kind: 'counter',
      name: `webhook_cache_${what}_total`,
      help,
      read: () => source.counters[what],
    });
  total('hits', 'Look-ups answered from memory.');
  total('misses', 'Look-ups that asked MongoDB.');
  total('invalidated', 'Entries dropped because their webhook changed.');
  metrics.readFrom({
    ...by,
    kind: 'gauge',
    name: 'webhook_cache_entries',
    help: 'Entries in memory.',
    read: () => source.size,
  });
}
