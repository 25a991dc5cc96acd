import type { KeyObject } from 'node:crypto';
import { compileAttemptPolicy, compileFailedPolicy, type FailedPolicy } from '../shared/core/attempt-policy.js';
import { compileHoldPolicy, type HoldPolicy } from '../shared/core/hold.js';
import type { HttpRequest } from '../shared/core/request.js';
import { createAddressPolicy } from '../shared/platform/http/public-address.js';
import { createSender } from '../shared/platform/http/sender.js';
import { deliveryMetrics, type DeliveryMetrics } from '../shared/platform/metrics/webhook-metrics.js';
import type { AdmittingConsumer } from '../shared/platform/kafka/admitting-consumer.js';
import { sleep } from '../shared/platform/process/backoff.js';
import { startJobConsumer, type JobConsumerOptions } from '../shared/platform/process/job-consumer.js';
import { openDependencies, type DependencySettings } from '../shared/platform/process/open-dependencies.js';
import { Interrupted } from '../shared/platform/process/patience.js';
import { productVersion } from '../shared/platform/process/product-version.js';
import type { ServiceContext } from '../shared/platform/process/run-service.js';
import { Dispatcher } from './dispatcher.js';
import { createAttempt, type Attempt } from './handler.js';
import { createAttemptObserver, createRecoveryObserver, ATTEMPT_OUTCOMES } from './observer.js';
import { RecentResults } from './recent-results.js';
import type { RecoveryWatch } from './recovery/recovery-watch.js';
import { createRecoveryWatch } from './recovery/service.js';
import { openRollUps } from './roll-ups/service.js';
import { openStores } from './stores/service.js';

/** The wiring of the delivery process. The order of its shutdown steps is the reverse of how they are registered. */
export interface DeliverySettings extends DependencySettings {
  readonly kafka: DependencySettings['kafka'] & JobConsumerOptions['kafka'];
  readonly delivery: {
    readonly timeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly attempts: number;
    readonly retryDelayMs: number;
    readonly allowedNetworks: readonly string[];
    readonly maxInFlight: number;
    readonly maxInFlightPerWebhook: number;
    readonly maxJobs: number;
    readonly maxJobBytes: number;
    readonly maxUncommitted: number;
    readonly responseBodyBytes: number;
  };
  readonly status: {
    readonly failureThreshold: number;
    readonly failureWindowMs: number;
    readonly counts: 'attempts' | 'exhausted-events';
    readonly firstProbeMs: number;
    readonly maxProbeMs: number;
  };
  readonly held: {
    readonly maxEvents: number;
    readonly maxBytes: number;
    readonly maxAgeHours: number;
    readonly inFlightPerWebhook: number;
    readonly recoveries: number;
  };
  readonly encryption: { readonly keys: readonly { readonly kid: string; readonly key: KeyObject }[] };
  readonly failureLog: { readonly retentionDays: number };
  readonly cache: { readonly webhooks: number };
  readonly process: DependencySettings['process'] & {
    readonly shutdownTimeoutMs: number;
    readonly stuckAfterMs: number;
  };
}

const SERVICE = 'delivery-consumer';
const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** How long an attempt that our own side couldn't make waits. */
const OWN_FAULT_PAUSE_MS = 1_000;
/** What is left of the shutdown time-out for the last commit and for leaving the group. */
const LEAVE_MS = 3_000;

export async function startDelivery(context: ServiceContext, settings: DeliverySettings): Promise<void> {
  const { delivery } = settings;
  const policies = policiesOf(settings);
  const dependencies = await openDependencies(SERVICE, context, settings);
  const metrics = deliveryMetrics(context.metrics, ATTEMPT_OUTCOMES);
  const sender = createSender({ ...delivery, policy: createAddressPolicy(delivery.allowedNetworks) });
  context.onShutdown('sender', () => sender.close());
  const abandoned = new AbortController();
  const rollUps = openRollUps(context, dependencies.db, settings.cache.webhooks);
  const stores = await openStores(SERVICE, context, dependencies, {
    ...policies,
    retryTopic: settings.topics.retry,
    encryptionKeys: settings.encryption.keys,
    failureRetentionMs: settings.failureLog.retentionDays * DAY_MS,
    maxWebhooks: settings.cache.webhooks,
    signal: abandoned.signal,
  });
  const attempt = createAttempt(
    { ...policies, attempts: compileAttemptPolicy(delivery), userAgent: `webhook-v2/${productVersion()}` },
    {
      ...stores.ports,
      send: (request: HttpRequest) => sender.send(request),
      recent: new RecentResults(settings.cache.webhooks),
      pause: () => sleep(OWN_FAULT_PAUSE_MS, abandoned.signal),
      now: Date.now,
      observe: createAttemptObserver(context.log, metrics, (report) => rollUps.count(report)),
    },
  );
  const dispatcher = createDispatcher(context, delivery, attempt, abandoned.signal);
  const recovery = createRecoveryWatch(
    context,
    { ...settings.held, hold: policies.hold, timeoutMs: delivery.timeoutMs },
    {
      ...stores,
      ...dependencies,
      logFailure: stores.ports.logFailure,
      dispatcher,
      attempt,
      observe: createRecoveryObserver(context.log, metrics),
      abandoned: abandoned.signal,
    },
  );
  readLoad(metrics, dispatcher, recovery);
  const consumer = await startJobConsumer(context, dependencies, {
    service: SERVICE,
    topics: [settings.topics.dispatch],
    kafka: settings.kafka,
    bounds: delivery,
    stuckAfterMs: settings.process.stuckAfterMs,
    load: dispatcher.load,
    admit: (job, record, timestamp) => {
      metrics.dispatchDelay(job.lane, (Date.now() - timestamp) / 1000);
      dispatcher.admit(job, 'topic', record);
    },
  });
  context.onShutdown('consumer', () => consumer.stop());
  recovery.start();
  context.onShutdown('deliveries', () => endDeliveries(settings, { consumer, recovery, dispatcher, abandoned }));
}

function createDispatcher(
  context: ServiceContext,
  { maxInFlight, maxInFlightPerWebhook }: DeliverySettings['delivery'],
  attempt: Attempt,
  abandoned: AbortSignal,
): Dispatcher {
  return new Dispatcher({
    limits: { inFlight: maxInFlight, perWebhook: maxInFlightPerWebhook },
    attempt,
    onError: (error) => {
      if (!(error instanceof Interrupted) && !abandoned.aborted) context.fatal(error);
    },
  });
}

interface Running {
  readonly consumer: AdmittingConsumer;
  readonly recovery: RecoveryWatch;
  readonly dispatcher: Dispatcher;
  readonly abandoned: AbortController;
}

/**
 * What is here goes out first, so that nothing that follows it in its partition is delivered twice; what hasn't begun
 * when time gets short stays uncommitted, or held.
 */
async function endDeliveries(settings: DeliverySettings, running: Running): Promise<void> {
  const { consumer, recovery, dispatcher, abandoned } = running;
  const { timeoutMs } = settings.delivery;
  consumer.quiesce();
  recovery.quiesce();
  const begunUntil = settings.process.shutdownTimeoutMs - timeoutMs - LEAVE_MS;
  await Promise.race([dispatcher.drain(), sleep(Math.max(0, begunUntil), abandoned.signal)]);
  const endedUntil = setTimeout(() => abandoned.abort(), timeoutMs + LEAVE_MS / 2);
  await dispatcher.abandon();
  clearTimeout(endedUntil);
  abandoned.abort();
  await recovery.stop();
}

type LoadMetrics = Pick<
  DeliveryMetrics<never>,
  'queuedJobs' | 'queuedBytes' | 'queuedWebhooks' | 'inFlight' | 'recoveries'
>;

function readLoad(metrics: LoadMetrics, { load }: Dispatcher, recovery: { readonly size: number }): void {
  metrics.queuedJobs.readFrom(() => load.jobs - load.inFlight);
  metrics.queuedBytes.readFrom(() => load.bytes);
  metrics.queuedWebhooks.readFrom(() => load.webhooks);
  metrics.inFlight.readFrom(() => load.inFlight);
  metrics.recoveries.readFrom(() => recovery.size);
}

function policiesOf({ status, held }: DeliverySettings): { readonly failed: FailedPolicy; readonly hold: HoldPolicy } {
  const { failureThreshold: threshold, failureWindowMs: windowMs, counts, firstProbeMs, maxProbeMs } = status;
  const { maxEvents, maxBytes, maxAgeHours } = held;
  return {
    failed: compileFailedPolicy({ threshold, windowMs, counts, firstProbeMs, maxProbeMs }),
    hold: compileHoldPolicy({ maxEvents, maxBytes, maxAgeMs: maxAgeHours * HOUR_MS }),
  };
}
