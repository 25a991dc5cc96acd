import type { KeyObject } from 'node:crypto';
import type { FailedPolicy } from '../../shared/core/attempt-policy.js';
import { DependencyError } from '../../shared/core/errors.js';
import type { HoldPolicy } from '../../shared/core/hold.js';
import type { UnreadableWebhook, Webhook } from '../../shared/core/webhook.js';
import { SealError } from '../../shared/platform/crypto/seal-error.js';
import { createVault } from '../../shared/platform/crypto/vault.js';
import { cacheMetrics } from '../../shared/platform/metrics/webhook-metrics.js';
import { ChangeFeed } from '../../shared/platform/mongo/change-feed.js';
import { companyDataKeys } from '../../shared/platform/mongo/company-data-keys.js';
import { FailureLog } from '../../shared/platform/mongo/failure-log.js';
import { HeldDeliveries } from '../../shared/platform/mongo/held-deliveries.js';
import { WebhookDirectory } from '../../shared/platform/mongo/webhook-directory.js';
import { WebhookStatus, type SucceededAttemptOf } from '../../shared/platform/mongo/webhook-status.js';
import { openJobTopic } from '../../shared/platform/process/job-topic.js';
import type { Dependencies } from '../../shared/platform/process/open-dependencies.js';
import { Interrupted } from '../../shared/platform/process/patience.js';
import type { ServiceContext } from '../../shared/platform/process/run-service.js';
import type { AttemptPorts } from '../handler.js';

/** The ports of an attempt that lead to Kafka and MongoDB: each waits while its server is away. */
export interface Stores {
  readonly ports: Pick<
    AttemptPorts,
    'findWebhook' | 'publishRetry' | 'logFailure' | 'countFailure' | 'countSuccess' | 'disableGone' | 'hold'
  >;
  readonly held: HeldDeliveries;
  readonly status: WebhookStatus;
  /** Has the webhook read anew, unless it is known in this state. */
  readonly refreshUnless: WebhookDirectory['refreshUnless'];
}

export interface StoresSettings {
  readonly failed: FailedPolicy;
  readonly hold: HoldPolicy;
  readonly retryTopic: string;
  /** For waits that are longer than a retry's. */
  readonly longRetryTopic: string;
  readonly retryDelayMs: number;
  readonly encryptionKeys: readonly { readonly kid: string; readonly key: KeyObject }[];
  readonly failureRetentionMs: number;
  readonly maxWebhooks: number;
  /** As of WebhookDirectory. */
  readonly onCounted: (webhookId: string) => boolean;
  /** A success of this process that MongoDB may not know of. */
  readonly untold: (webhookId: string) => SucceededAttemptOf | undefined;
  /** Ends what waits for a server. */
  readonly signal: AbortSignal;
}

/** A retry is due seconds later, and its failure is logged after up to 200 ms. */
const RETRIES_GATHER_MS = 50;

export async function openStores(
  service: string,
  context: ServiceContext,
  dependencies: Dependencies,
  settings: StoresSettings,
): Promise<Stores> {
  const { db, patiently } = dependencies;
  const { log } = context;
  const { signal, failed: policy } = settings;
  /** Whether a webhook is rightly Failed is decided by the instants at which attempts ended, whoever made them. */
  const tellSuccess = (webhookId: string): void => {
    const success = settings.untold(webhookId);
    if (success === undefined) return;
    ports.countSuccess(success).catch((error: unknown) => {
      if (!(error instanceof Interrupted)) context.fatal(error);
    });
  };
  const directory = openDirectory(context, dependencies, settings, tellSuccess);
  const failures = new FailureLog({ db, retentionMs: settings.failureRetentionMs });
  context.onShutdown('failure log', () => failures.close());
  const status = new WebhookStatus({ db, policy });
  context.onShutdown('webhook status', () => status.close());
  const held = new HeldDeliveries({ db, policy: settings.hold });
  context.onShutdown('held deliveries', () => held.close());
  const retries = await openJobTopic(settings.retryTopic, service, context, dependencies, RETRIES_GATHER_MS);
  const longRetries = await openJobTopic(settings.longRetryTopic, service, context, dependencies, RETRIES_GATHER_MS);
  const ports: Stores['ports'] = {
    findWebhook: (companyId, webhookId) =>
      patiently(() => readable(webhookId, directory.find(companyId, webhookId)), signal),
    publishRetry: (job, waitMs) => (waitMs > settings.retryDelayMs ? longRetries : retries).send(job, signal),
    logFailure: async (entry) => patiently(() => failures.append(entry), signal),
    countFailure: async ({ lastSuccessAt, ...failure }) => {
      const counted = await patiently(
        () => status.recordFailure({ ...failure, lastSuccessAt: lastSuccessAt() }),
        signal,
      );
      const isFailed = counted.status === 'failed';
      const { companyId, webhookId } = failure;
      if (isFailed) directory.refreshUnless({ companyId, webhookId }, { status: 'failed' });
      if (isFailed && counted.changed) log.warn('webhook.failed', { companyId, webhookId });
      return isFailed;
    },
    countSuccess: async (success) => {
      const counted = await patiently(() => status.recordSuccess(success), signal);
      if (!counted.changed) return;
      directory.refreshUnless(success, { status: 'active' });
      log.info('webhook.recovered', { ...success });
    },
    disableGone: async (gone) => {
      const found = await patiently(() => status.recordGone(gone), signal);
      if (found !== 'changed') directory.refreshUnless(gone, { status: 'inactive' });
      if (found === 'disabled') log.warn('webhook.gone', { companyId: gone.companyId, webhookId: gone.webhookId });
      return found !== 'changed';
    },
    hold: async (job, owed) => patiently(() => held.hold(job, owed, Date.now()), signal),
  };
  return { ports, held, status, refreshUnless: (ref, state) => directory.refreshUnless(ref, state) };
}

function openDirectory(
  context: ServiceContext,
  { db }: Dependencies,
  { encryptionKeys, maxWebhooks, onCounted }: StoresSettings,
  onStatus: (webhookId: string) => void,
): WebhookDirectory {
  const feed = new ChangeFeed(db, (err) => context.log.warn('change-feed.lost', { err }));
  feed.start();
  context.onShutdown('change feed', () => feed.close());
  const vault = createVault({
    keys: encryptionKeys.map(({ kid, key }) => ({ kid, key: key.export() })),
    companies: companyDataKeys(db),
  });
  const directory = new WebhookDirectory({ db, feed, vault, maxWebhooks, onCounted, onStatus });
  cacheMetrics(context.metrics, 'webhooks', directory);
  return directory;
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
