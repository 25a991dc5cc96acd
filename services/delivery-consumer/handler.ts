import { decideNext, type Decision } from '../shared/core/decision.js';
import type { AttemptPolicy, FailedPolicy } from '../shared/core/attempt-policy.js';
import { failureEntry } from '../shared/core/failure-entry.js';
import type { FailureEntry } from '../shared/core/failure-log.js';
import { attemptIdOf, retryOf, type Job } from '../shared/core/job.js';
import { classify, type Outcome, type SendResult } from '../shared/core/outcome.js';
import { buildRequest, compileEndpoint, type Endpoint, type HttpRequest } from '../shared/core/request.js';
import type { UnreadableWebhook, Webhook } from '../shared/core/webhook.js';
import type { RecentResults } from './recent-results.js';

/**
 * Makes one attempt of a job and everything that follows from it.
 *
 *   1 look at the webhook as it is now: gone or Inactive → the job is discarded
 *   2 build the request, send it, classify what came back
 *   3 delivered → reset the failure counter, if there is something to reset
 *   4 failed    → publish the retry (if attempts are left), log the failure, count it (unless the fault is ours)
 *
 * It returns when all of that has been acknowledged; only then may the record's offset go. Ports wait for a dependency
 * that is away, so a step is repeated alone: MongoDB being away never makes us POST again.
 *
 * What doubles if the process dies: before 2, nothing; from 2 until the record is committed, this attempt (the same
 * webhook-id); after the retry was published, that retry, too. The failure entry and the count don't: both are keyed by
 * the attempt. Nothing is lost at any point, because the job itself is still uncommitted.
 */
export interface AttemptPorts {
  /** Undefined when it is deleted. */
  readonly findWebhook: (companyId: string, webhookId: string) => Found | Promise<Found>;
  readonly send: (request: HttpRequest) => Promise<SendResult>;
  readonly publishRetry: (job: Job) => Promise<void>;
  readonly logFailure: (entry: FailureEntry) => Promise<void>;
  readonly countFailure: (failure: FailureToCount) => Promise<void>;
  readonly countSuccess: (success: SuccessToCount) => Promise<void>;
  readonly recent: RecentResults;
  /** Waits before an attempt that our own side couldn't make is tried again. */
  readonly pause: () => Promise<void>;
  readonly now: () => number;
  readonly observe: AttemptObserver;
}

type Found = Webhook | UnreadableWebhook | undefined;

export interface FailureToCount {
  readonly companyId: string;
  readonly webhookId: string;
  readonly attemptId: string;
  /** Epoch ms, like all instants here. */
  readonly startedAt: number;
  readonly at: number;
  /** End of the last success that this process saw: failures that ended before it are forgiven first. */
  readonly lastSuccessAt: number | undefined;
}

export interface SuccessToCount {
  readonly companyId: string;
  readonly webhookId: string;
  readonly at: number;
}

export interface AttemptObserver {
  readonly attempted: (report: AttemptReport) => void;
  readonly discarded: (job: Job, reason: 'webhook-deleted' | 'webhook-inactive') => void;
  readonly unmade: (job: Job, detail: string) => void;
}

export interface AttemptReport {
  readonly job: Job;
  readonly webhook: Webhook | UnreadableWebhook;
  readonly request: HttpRequest | null;
  readonly outcome: Exclude<Outcome, { kind: 'unmade' }>;
  readonly decision: Decision;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface AttemptSettings {
  readonly attempts: AttemptPolicy;
  readonly failed: FailedPolicy;
  readonly userAgent: string;
}

export function createAttempt(settings: AttemptSettings, ports: AttemptPorts): (job: Job) => Promise<void> {
  const endpoints = new WeakMap<Webhook, Endpoint>();
  const endpointOf = (webhook: Webhook | UnreadableWebhook): Endpoint => {
    if ('unreadable' in webhook) return { kind: 'refused', fault: webhook.unreadable };
    let endpoint = endpoints.get(webhook);
    if (endpoint === undefined) endpoints.set(webhook, (endpoint = compileEndpoint(webhook, settings.userAgent)));
    return endpoint;
  };

  const follow = async (report: AttemptReport, endpoint: Endpoint): Promise<void> => {
    const { job, webhook, request, outcome, decision, startedAt, endedAt } = report;
    ports.observe.attempted(report);
    if (outcome.kind === 'delivered' || decision.kind === 'delivered') return settleSuccess(ports, webhook, endedAt);
    const counted =
      !('unreadable' in webhook) && (settings.failed.counts === 'attempts' || decision.kind === 'exhausted');
    const secrets = endpoint.kind === 'endpoint' ? endpoint.secretHeaders : [];
    await Promise.all([
      decision.kind === 'retry' ? ports.publishRetry(retryOf(job, decision.notBefore)) : undefined,
      ports.logFailure(failureEntry(job, request, secrets, outcome, decision, endedAt)),
      counted ? ports.countFailure(failureOf(ports, job, startedAt, endedAt)) : undefined,
    ]);
  };

  return async function attempt(job: Job): Promise<void> {
    for (;;) {
      const found = ports.findWebhook(job.companyId, job.webhookId);
      const webhook = found instanceof Promise ? await found : found;
      if (webhook === undefined) return ports.observe.discarded(job, 'webhook-deleted');
      if ('status' in webhook && webhook.status === 'inactive') return ports.observe.discarded(job, 'webhook-inactive');
      const endpoint = endpointOf(webhook);
      const startedAt = ports.now();
      const request = endpoint.kind === 'endpoint' ? buildRequest(job, endpoint, startedAt) : null;
      const outcome = classify(request === null ? refusal(endpoint) : await ports.send(request));
      if (outcome.kind !== 'unmade') {
        const endedAt = ports.now();
        const decision = decideNext(job, outcome, settings.attempts, endedAt);
        return follow({ job, webhook, request, outcome, decision, startedAt, endedAt }, endpoint);
      }
      ports.observe.unmade(job, outcome.detail);
      await ports.pause();
    }
  };
}

async function settleSuccess(ports: AttemptPorts, webhook: Webhook | UnreadableWebhook, at: number): Promise<void> {
  if ('unreadable' in webhook) return;
  const { id: webhookId, companyId } = webhook;
  if (ports.recent.succeeded(webhook, at)) await ports.countSuccess({ companyId, webhookId, at });
}

function failureOf(ports: AttemptPorts, job: Job, startedAt: number, at: number): FailureToCount {
  const { companyId, webhookId } = job;
  return {
    companyId,
    webhookId,
    attemptId: attemptIdOf(job),
    startedAt,
    at,
    lastSuccessAt: ports.recent.failed(webhookId),
  };
}

function refusal(endpoint: Endpoint): SendResult {
  const detail = endpoint.kind === 'refused' ? endpoint.fault : '';
  return { kind: 'no-answer', failure: 'invalid-request', detail, durationMs: 0 };
}
