import { randomUUID } from 'node:crypto';
import type { FailureEntry } from '../../shared/core/failure-log.js';
import type { HoldPolicy } from '../../shared/core/hold.js';
import type { Job } from '../../shared/core/job.js';
import type { HeldDeliveries } from '../../shared/platform/mongo/held-deliveries.js';
import { Recoveries } from '../../shared/platform/mongo/recoveries.js';
import type { WebhookStatus } from '../../shared/platform/mongo/webhook-status.js';
import type { Dependencies } from '../../shared/platform/process/open-dependencies.js';
import { sleep } from '../../shared/platform/process/backoff.js';
import { Interrupted, type Patiently } from '../../shared/platform/process/patience.js';
import type { ServiceContext } from '../../shared/platform/process/run-service.js';
import type { Dispatcher } from '../dispatcher.js';
import type { Attempt, AttemptEnd } from '../handler.js';
import { leaseMsFor, Recovery, type RecoveryObserver, type RecoveryPorts } from './recovery.js';
import { RecoveryWatch } from './recovery-watch.js';

/** The wiring of recovery: what is held for webhooks that are Failed or were. */
export interface RecoveryParts {
  readonly db: Dependencies['db'];
  readonly held: HeldDeliveries;
  readonly status: Pick<WebhookStatus, 'recordProbeFailure'>;
  readonly logFailure: (entry: FailureEntry) => Promise<void>;
  readonly refreshUnless: RecoveryPorts['refreshUnless'];
  readonly dispatcher: Pick<Dispatcher, 'admit' | 'isWaitedFor'>;
  readonly attempt: Attempt;
  readonly patiently: Patiently;
  readonly observe: RecoveryObserver;
  /** Aborted when nothing more is begun and nothing more is waited for. */
  readonly abandoned: AbortSignal;
}

export interface RecoverySettings {
  readonly hold: HoldPolicy;
  readonly maxWaitMs: number;
  readonly inFlightPerWebhook: number;
  readonly recoveries: number;
  readonly timeoutMs: number;
}

const LOOK_EVERY_MS = 500;
const LOOK_WHILE_QUIET_EVERY_MS = 1_000;

export function createRecoveryWatch(
  context: Pick<ServiceContext, 'fatal'>,
  settings: RecoverySettings,
  parts: RecoveryParts,
): RecoveryWatch {
  const { db, patiently, abandoned } = parts;
  const leaseMs = leaseMsFor(settings.timeoutMs);
  const recoveries = new Recoveries({ db, holder: randomUUID(), leaseMs });
  const wait = async <T>(work: () => Promise<T>): Promise<T> => patiently(work, abandoned);
  const { hold, maxWaitMs, inFlightPerWebhook: inFlight } = settings;
  const recovery = new Recovery({ hold, maxWaitMs, inFlight }, recoveryPorts(recoveries, parts, wait));
  return new RecoveryWatch(
    {
      recoveries: settings.recoveries,
      everyMs: LOOK_EVERY_MS,
      quietEveryMs: LOOK_WHILE_QUIET_EVERY_MS,
      renewEveryMs: leaseMs / 3,
    },
    {
      lease: (limit) => wait(() => recoveries.lease(limit, new Date())),
      renew: (leases) => wait(() => recoveries.renew(leases, new Date())),
      look: (lease, look) => recovery.look(lease, look),
      onError: (error) => {
        if (!(error instanceof Interrupted) && !abandoned.aborted) context.fatal(error);
      },
    },
  );
}

function recoveryPorts(
  recoveries: Recoveries,
  { held, status, logFailure, refreshUnless, dispatcher, attempt, observe, abandoned }: RecoveryParts,
  wait: <T>(work: () => Promise<T>) => Promise<T>,
): RecoveryPorts {
  return {
    stateOf: (lease) => wait(() => recoveries.stateOf(lease)),
    probeFailed: (probe) => wait(() => status.recordProbeFailure(probe)),
    first: (lease) => wait(() => held.first(lease)),
    oldest: (lease, limit) => wait(() => held.oldest(lease, limit)),
    remove: (lease, attemptIds) => wait(() => held.remove(lease, attemptIds)),
    putOff: (lease, dueAt) => wait(() => recoveries.putOff(lease, new Date(dueAt))),
    giveTurn: (lease) => wait(() => recoveries.giveTurn(lease, new Date())),
    end: (lease) => wait(() => recoveries.end(lease)),
    refreshUnless,
    probe: attempt,
    isBusy: ({ webhookId }) => dispatcher.isWaitedFor(webhookId),
    deliver: heldDelivery(dispatcher, abandoned),
    logFailure,
    pause: (ms, signal) => sleep(ms, signal).catch(() => undefined),
    now: Date.now,
    random: Math.random,
    observe,
  };
}

/** What the dispatcher never comes to is still held. */
function heldDelivery(
  dispatcher: Pick<Dispatcher, 'admit'>,
  abandoned: AbortSignal,
): (job: Job) => Promise<AttemptEnd> {
  const waiting = new Set<(end: AttemptEnd) => void>();
  abandoned.addEventListener('abort', () => {
    for (const resolve of waiting) resolve('held');
  });
  return (job) =>
    new Promise((resolve) => {
      const finish = (end: AttemptEnd): void => {
        waiting.delete(finish);
        resolve(end);
      };
      waiting.add(finish);
      dispatcher.admit(job, 'held', { progress: { revoked: false, span: 0 }, finish });
    });
}
