import type { KeyObject } from 'node:crypto';
import { compileAttemptPolicy, compileFailedPolicy, type FailedPolicy } from '../shared/core/attempt-policy.js';
import { compileHoldPolicy, type HoldPolicy } from '../shared/core/hold.js';
import type { SendResult } from '../shared/core/outcome.js';
import type { HttpRequest } from '../shared/core/request.js';
import type { Lane } from '../shared/core/vocabulary.js';
import { openHostsFile } from '../shared/platform/http/hosts-file.js';
import { createAddressPolicy } from '../shared/platform/http/public-address.js';
import { createResolver } from '../shared/platform/http/resolver.js';
import { createSender, type Sender } from '../shared/platform/http/sender.js';
import { deliveryMetrics, type DeliveryMetrics } from '../shared/platform/metrics/webhook-metrics.js';
import type { AdmittingConsumer } from '../shared/platform/kafka/admitting-consumer.js';
import { sleep } from '../shared/platform/process/backoff.js';
import { startJobConsumer, type JobConsumerOptions } from '../shared/platform/process/job-consumer.js';
import { openDependencies, type DependencySettings } from '../shared/platform/process/open-dependencies.js';
import { Interrupted } from '../shared/platform/process/patience.js';
import { productVersion } from '../shared/platform/process/product-version.js';
import type { ServiceContext } from '../shared/platform/process/run-service.js';
import { Dispatcher, type DispatcherOptions } from './dispatcher.js';
import { createAttempt, type AttemptObserver, type AttemptSettings } from './handler.js';
import { createAttemptObserver, createRecoveryObserver, ATTEMPT_OUTCOMES } from './observer.js';
import { openOverflow } from './overflow/service.js';
import { Paces } from './pace.js';
import { RecentResults } from './recent-results.js';
import type { RecoveryWatch } from './recovery/recovery-watch.js';
import { createRecoveryWatch, type RecoverySettings } from './recovery/service.js';
import { openRollUps } from './roll-ups/service.js';
import type { SchedulerLimits } from './scheduler.js';
import { openStores, type StoresSettings } from './stores/service.js';

/** The wiring of the delivery process. The order of its shutdown steps is the reverse of how they are registered. */
export interface DeliverySettings extends DependencySettings {
  readonly kafka: DependencySettings['kafka'] & JobConsumerOptions['kafka'];
  readonly delivery: {
    readonly timeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly attempts: number;
    readonly retryDelayMs: number;
    readonly maxRetryAfterMs: number;
    readonly postponeWithinMinutes: number;
    readonly allowedNetworks: readonly string[];
    readonly maxInFlight: number;
    readonly maxInFlightPerWebhook: number;
    readonly slowAfterMs: number;
    readonly overflowAtJobs: number;
    readonly overflowAtBytes: number;
    readonly maxConnections: number;
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

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** How long an attempt that our own side couldn't make waits. */
const OWN_FAULT_PAUSE_MS = 1_000;
/** What is left of the shutdown time-out for the last commit and for leaving the group. */
const LEAVE_MS = 3_000;

/** The name of the process that serves a lane: of its group, in its logs and metrics. */
export function serviceOf(lane: Lane): string {
  return lane === 'dispatch' ? 'delivery-consumer' : 'delivery-consumer-overflow';
}

export async function startDelivery(context: ServiceContext, settings: DeliverySettings, lane: Lane): Promise<void> {
  const { delivery, topics } = settings;
  const service = serviceOf(lane);
  const dependencies = await openDependencies(service, context, settings);
  const metrics = deliveryMetrics(context.metrics, ATTEMPT_OUTCOMES);
  const sender = await openSender(context, delivery);
  const abandoned = new AbortController();
  const rollUps = openRollUps(context, dependencies.db, settings.cache.webhooks);
  const paces = new Paces({ ...delivery, maxInFlight: delivery.maxInFlightPerWebhook }, settings.cache.webhooks);
  const recent = new RecentResults(settings.cache.webhooks);
  const shared = { recent, signal: abandoned.signal };
  const stores = await openStores(service, context, dependencies, storesSettings(settings, shared));
  const attempt = createAttempt(attemptSettings(settings), {
    ...stores.ports,
    send: inPace(sender, paces),
    recent,
    pause: () => sleep(OWN_FAULT_PAUSE_MS, abandoned.signal),
    now: Date.now,
    observe: createAttemptObserver(context.log, metrics, learnFrom(rollUps, paces)),
  });
  const leaving = { ...delivery, service, topic: topics.overflow, metrics, signal: abandoned.signal };
  const overflow = lane === 'dispatch' ? await openOverflow(context, dependencies, leaving) : undefined;
  const dispatcher = createDispatcher(context, delivery, { attempt, paces, overflow, abandoned: abandoned.signal });
  const recovery = createRecoveryWatch(context, recoverySettings(settings), {
    ...stores,
    ...dependencies,
    logFailure: stores.ports.logFailure,
    dispatcher,
    attempt,
    observe: createRecoveryObserver(context.log, metrics),
    abandoned: abandoned.signal,
  });
  readLoad(metrics, dispatcher, recovery);
  metrics.connections.readFrom(() => sender.connections);
  const consumer = await startJobConsumer(context, dependencies, {
    ...settings,
    service,
    topics: [topics[lane]],
    bounds: delivery,
    stuckAfterMs: settings.process.stuckAfterMs,
    load: dispatcher,
    admit: (job, record, timestamp) => {
      metrics.dispatchDelay(job.lane, (Date.now() - timestamp) / 1000);
      dispatcher.admit(job, 'topic', record);
    },
  });
  context.onShutdown('consumer', () => consumer.stop());
  // What was held goes with the live traffic. The overflow's process would mostly ask for nothing.
  if (lane === 'dispatch') recovery.start();
  context.onShutdown('deliveries', () => endDeliveries(settings, { consumer, recovery, dispatcher, abandoned }));
}

/** Sends; the webhook's pace knows from when to when its endpoint was being asked. */
function inPace(sender: Sender, paces: Paces): (request: HttpRequest, webhookId: string) => Promise<SendResult> {
  return (request, webhookId) => {
    const pace = paces.of(webhookId);
    pace.asked(performance.now());
    return sender.send(request, () => pace.answered(performance.now()));
  };
}

function learnFrom(rollUps: ReturnType<typeof openRollUps>, paces: Paces): AttemptObserver['attempted'] {
  return (report) => {
    rollUps.count(report);
    paces.of(report.job.webhookId).attempted(report.outcome, report.endedAt - report.startedAt);
  };
}

function attemptSettings(settings: DeliverySettings): AttemptSettings {
  const { delivery, held } = settings;
  const postponeWithinMs = delivery.postponeWithinMinutes * MINUTE_MS;
  return {
    ...policiesOf(settings),
    attempts: compileAttemptPolicy({
      ...delivery,
      postponeWithinMs,
      postponeHeldWithinMs: Math.max(postponeWithinMs, held.maxAgeHours * HOUR_MS),
    }),
    userAgent: `webhook-v2/${productVersion()}`,
  };
}

function recoverySettings(settings: DeliverySettings): RecoverySettings {
  const { delivery, held } = settings;
  return {
    ...held,
    hold: policiesOf(settings).hold,
    maxWaitMs: delivery.maxRetryAfterMs,
    timeoutMs: delivery.timeoutMs,
  };
}

function storesSettings(
  settings: DeliverySettings,
  { recent, signal }: { readonly recent: RecentResults; readonly signal: AbortSignal },
): StoresSettings {
  return {
    ...policiesOf(settings),
    retryTopic: settings.topics.retry,
    longRetryTopic: settings.topics.longRetry,
    retryDelayMs: settings.delivery.retryDelayMs,
    encryptionKeys: settings.encryption.keys,
    failureRetentionMs: settings.failureLog.retentionDays * DAY_MS,
    maxWebhooks: settings.cache.webhooks,
    onCounted: (webhookId) => recent.counted(webhookId),
    untold: (webhookId) => recent.untold(webhookId, Date.now()),
    signal,
  };
}

async function openSender(context: ServiceContext, delivery: DeliverySettings['delivery']): Promise<Sender> {
  const resolve = createResolver({ hosts: await openHostsFile(), timeoutMs: delivery.connectTimeoutMs });
  const sender = createSender({ ...delivery, policy: createAddressPolicy(delivery.allowedNetworks), resolve });
  context.onShutdown('sender', () => sender.close());
  return sender;
}

/** How the places of a process are shared: an eighth for the unknown, half of the others for those that aren't fast. */
function limitsOf(maxInFlight: number): SchedulerLimits {
  const unknownInFlight = Math.floor(maxInFlight / 8);
  const inFlight = maxInFlight - unknownInFlight;
  return { inFlight, slowInFlight: Math.ceil(inFlight / 2), unknownInFlight };
}

interface DispatcherParts extends Pick<DispatcherOptions, 'attempt' | 'paces' | 'overflow'> {
  readonly abandoned: AbortSignal;
}

function createDispatcher(
  context: ServiceContext,
  { maxInFlight }: DeliverySettings['delivery'],
  { abandoned, ...parts }: DispatcherParts,
): Dispatcher {
  return new Dispatcher({
    ...parts,
    limits: limitsOf(maxInFlight),
    now: () => performance.now(),
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
  'queuedJobs' | 'queuedBytes' | 'queuedWebhooks' | 'inFlight' | 'slowInFlight' | 'recoveries'
>;

function readLoad(metrics: LoadMetrics, load: Dispatcher, recovery: { readonly size: number }): void {
  metrics.queuedJobs.readFrom(() => load.jobs - load.underWay);
  metrics.queuedBytes.readFrom(() => load.bytes);
  metrics.queuedWebhooks.readFrom(() => load.webhooks);
  metrics.inFlight.readFrom(() => load.inFlight);
  metrics.slowInFlight.readFrom(() => load.slowInFlight);
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
