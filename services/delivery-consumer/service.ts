import type { KeyObject } from 'node:crypto';
import { compileAttemptPolicy, compileFailedPolicy, type FailedPolicy } from '../shared/core/attempt-policy.js';
import { DependencyError } from '../shared/core/errors.js';
import type { HttpRequest } from '../shared/core/request.js';
import type { UnreadableWebhook, Webhook } from '../shared/core/webhook.js';
import { SealError } from '../shared/platform/crypto/seal-error.js';
import { createVault } from '../shared/platform/crypto/vault.js';
import { createAddressPolicy } from '../shared/platform/http/public-address.js';
import { createSender } from '../shared/platform/http/sender.js';
import { cacheMetrics, deliveryMetrics } from '../shared/platform/metrics/webhook-metrics.js';
import { ChangeFeed } from '../shared/platform/mongo/change-feed.js';
import { companyDataKeys } from '../shared/platform/mongo/company-data-keys.js';
import { FailureLog } from '../shared/platform/mongo/failure-log.js';
import { WebhookDirectory } from '../shared/platform/mongo/webhook-directory.js';
import { WebhookStatus } from '../shared/platform/mongo/webhook-status.js';
import { sleep } from '../shared/platform/process/backoff.js';
import { openJobTopic } from '../shared/platform/process/job-topic.js';
import { startJobConsumer, type JobConsumerOptions } from '../shared/platform/process/job-consumer.js';
import {
  openDependencies,
  type Dependencies,
  type DependencySettings,
} from '../shared/platform/process/open-dependencies.js';
import { Interrupted } from '../shared/platform/process/patience.js';
import { productVersion } from '../shared/platform/process/product-version.js';
import type { ServiceContext } from '../shared/platform/process/run-service.js';
import { Dispatcher } from './dispatcher.js';
import { createAttempt, type AttemptPorts } from './handler.js';
import { createAttemptObserver, ATTEMPT_OUTCOMES } from './observer.js';
import { RecentResults } from './recent-results.js';

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
const DAY_MS = 24 * 3600 * 1000;
/** How long an attempt that our own side couldn't make waits. */
const OWN_FAULT_PAUSE_MS = 1_000;
/** What is left of the shutdown time-out for the last commit and for leaving the group. */
const LEAVE_MS = 3_000;

export async function startDelivery(context: ServiceContext, settings: DeliverySettings): Promise<void> {
  const { delivery } = settings;
  const dependencies = await openDependencies(SERVICE, context, settings);
  const metrics = deliveryMetrics(context.metrics, ATTEMPT_OUTCOMES);
  const sender = createSender({ ...delivery, policy: createAddressPolicy(delivery.allowedNetworks) });
  context.onShutdown('sender', () => sender.close());
  const abandoned = new AbortController();
  const ports = {
    ...(await openStores(context, settings, dependencies, abandoned.signal)),
    send: (request: HttpRequest) => sender.send(request),
    recent: new RecentResults(settings.cache.webhooks),
    pause: () => sleep(OWN_FAULT_PAUSE_MS, abandoned.signal),
    now: Date.now,
    observe: createAttemptObserver(context.log, metrics),
  };
  const attempt = createAttempt(
    {
      attempts: compileAttemptPolicy(delivery),
      failed: failedPolicyOf(settings),
      userAgent: `webhook-v2/${productVersion()}`,
    },
    ports,
  );
  const dispatcher = new Dispatcher({
    limits: { inFlight: delivery.maxInFlight, perWebhook: delivery.maxInFlightPerWebhook },
    attempt,
    onError: (error) => {
      if (!(error instanceof Interrupted) && !abandoned.signal.aborted) context.fatal(error);
    },
  });
  const { load } = dispatcher;
  metrics.queuedJobs.readFrom(() => load.jobs - load.inFlight);
  metrics.queuedBytes.readFrom(() => load.bytes);
  metrics.queuedWebhooks.readFrom(() => load.webhooks);
  metrics.inFlight.readFrom(() => load.inFlight);
  const consumer = await startJobConsumer(context, dependencies, {
    service: SERVICE,
    topics: [settings.topics.dispatch],
    kafka: settings.kafka,
    bounds: delivery,
    stuckAfterMs: settings.process.stuckAfterMs,
    load,
    admit: (job, record, timestamp) => {
      metrics.dispatchDelay(job.lane, (Date.now() - timestamp) / 1000);
      dispatcher.admit(job, record);
    },
  });
  context.onShutdown('consumer', () => consumer.stop());
  // What is here goes out first, so that nothing that follows it in its partition is delivered twice; what hasn't
  // begun when time gets short stays uncommitted.
  context.onShutdown('deliveries', async () => {
    consumer.quiesce();
    const begunUntil = settings.process.shutdownTimeoutMs - delivery.timeoutMs - LEAVE_MS;
    await Promise.race([dispatcher.drain(), sleep(Math.max(0, begunUntil), abandoned.signal)]);
    const endedUntil = setTimeout(() => abandoned.abort(), delivery.timeoutMs + LEAVE_MS / 2);
    await dispatcher.abandon();
    clearTimeout(endedUntil);
    abandoned.abort();
  });
}

function failedPolicyOf({ status }: DeliverySettings): FailedPolicy {
  const { failureThreshold: threshold, failureWindowMs: windowMs, counts } = status;
  return compileFailedPolicy({ threshold, windowMs, counts });
}

type Stores = Pick<AttemptPorts, 'findWebhook' | 'publishRetry' | 'logFailure' | 'countFailure' | 'countSuccess'>;

/** The ports that lead to Kafka and MongoDB: each waits while its server is away. */
async function openStores(
  context: ServiceContext,
  settings: DeliverySettings,
  dependencies: Dependencies,
  signal: AbortSignal,
): Promise<Stores> {
  const { db, patiently } = dependencies;
  const { log } = context;
  const feed = new ChangeFeed(db, (err) => log.warn('change-feed.lost', { err }));
  feed.start();
  context.onShutdown('change feed', () => feed.close());
  const vault = createVault({
    keys: settings.encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() })),
    companies: companyDataKeys(db),
  });
  const directory = new WebhookDirectory({ db, feed, vault, maxWebhooks: settings.cache.webhooks });
  cacheMetrics(context.metrics, 'webhooks', directory);
  const failures = new FailureLog({ db, retentionMs: settings.failureLog.retentionDays * DAY_MS });
  context.onShutdown('failure log', () => failures.close());
  const status = new WebhookStatus({
    db,
    policy: failedPolicyOf(settings),
  });
  context.onShutdown('webhook status', () => status.close());
  const retries = await openJobTopic(settings.topics.retry, SERVICE, context, dependencies);
  return {
    findWebhook: (companyId, webhookId) =>
      patiently(() => readable(webhookId, directory.find(companyId, webhookId)), signal),
    publishRetry: (job) => retries.send(job, signal),
    logFailure: async (entry) => patiently(() => failures.append(entry), signal),
    countFailure: async (failure) => {
      const { companyId, webhookId, lastSuccessAt } = failure;
      await patiently(async () => {
        // Both facts go into one atomic update, in this order.
        const forgiven = lastSuccessAt && status.recordSuccess({ companyId, webhookId, at: lastSuccessAt });
        const counted = await Promise.all([forgiven, status.recordFailure(failure)]);
        if (counted[1] === 'became-failed') log.warn('webhook.failed', { companyId, webhookId });
      }, signal);
    },
    countSuccess: async (success) => {
      const counted = await patiently(() => status.recordSuccess(success), signal);
      if (counted === 'became-active') log.info('webhook.recovered', { ...success });
    },
  };
}

type Found = Webhook | UnreadableWebhook | undefined;

/** A missing key is waited for (the operator can give it); a broken secret concerns its webhook alone. */
function readable(webhookId: string, found: Found | Promise<Found>): Found | Promise<Found> {
  if (!(found instanceof Promise)) return found;
  return found.catch((error: unknown) => {
    if (!(error instanceof SealError)) throw error;
    if (error.fault === 'unknown-key-encryption-key')
      throw new DependencyError('encryption-keys', error.message, { cause: error });
    return { id: webhookId, unreadable: "the webhook's stored credentials can't be opened" };
  });
}
