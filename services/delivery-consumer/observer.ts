import type { DropReason } from '../shared/core/hold.js';
import type { Outcome } from '../shared/core/outcome.js';
import type { RecoveryObserver } from './recovery/recovery.js';
import type { AttemptObserver, AttemptReport } from './handler.js';

/**
 * What is told of an attempt: one wide log line, the metrics, and the roll-up of its webhook.
 *
 * `delivery.attempted` carries everything that a question about one attempt needs, and no secret: no URL, no header, no
 * body, only ids, numbers and the cause. The endpoint's host is left out, too: the webhook id leads to it.
 */
export const ATTEMPT_OUTCOMES = [
  'delivered',
  'unmade',
  'dns',
  'refused',
  'unreachable',
  'reset',
  'tls',
  'connect-timeout',
  'timeout',
  'protocol',
  'blocked-address',
  'invalid-request',
  'redirect',
  'client-error',
  'server-error',
  'informational',
] as const;

type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export interface AttemptLog {
  readonly info: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly warn: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface AttemptMetrics {
  readonly attempts: (outcome: AttemptOutcome) => void;
  readonly attemptDuration: (seconds: number) => void;
  readonly delivery: (seconds: number) => void;
  readonly retries: () => void;
  readonly exhausted: () => void;
  readonly dropped: () => void;
  readonly held: () => void;
  readonly heldDropped: (reason: DropReason) => void;
}

export interface RecoveryMetrics {
  readonly dropped: () => void;
  readonly heldDropped: (reason: DropReason) => void;
  readonly probes: (result: 'delivered' | 'failed') => void;
  readonly recovered: () => void;
}

/** `learn` is for whoever else draws something from each attempt: the roll-ups, and the pace of its webhook. */
export function createAttemptObserver(
  log: AttemptLog,
  metrics: AttemptMetrics,
  learn: AttemptObserver['attempted'],
): AttemptObserver {
  return {
    attempted: (report) => {
      learn(report);
      const { job, outcome, decision, startedAt, endedAt } = report;
      metrics.attempts(outcomeOf(outcome));
      metrics.attemptDuration((endedAt - startedAt) / 1000);
      if (decision.kind === 'delivered') metrics.delivery((endedAt - job.receivedAt) / 1000);
      if (decision.kind === 'retry' || (decision.kind === 'postponed' && !decision.held)) metrics.retries();
      if (decision.kind === 'exhausted' || decision.kind === 'gone') metrics.exhausted();
      log.info('delivery.attempted', fieldsOf(report));
    },
    held: ({ jobId, webhookId, companyId, eventId, attempt }) => {
      metrics.held();
      log.info('delivery.held', { jobId, webhookId, companyId, eventId, attempt });
    },
    dropped: ({ jobId, webhookId, companyId, eventId, attempt }, reason) => {
      metrics.heldDropped(reason);
      log.warn('delivery.dropped', { jobId, webhookId, companyId, eventId, attempt, reason });
    },
    discarded: ({ jobId, webhookId, companyId, eventId, attempt }, reason) => {
      metrics.dropped();
      log.info('delivery.discarded', { jobId, webhookId, companyId, eventId, attempt, reason });
    },
    unmade: ({ jobId, webhookId, companyId, attempt }, detail) => {
      metrics.attempts('unmade');
      log.warn('delivery.unmade', { jobId, webhookId, companyId, attempt, detail });
    },
  };
}

/** What is told of held events beside their attempts, which tell of themselves. */
export function createRecoveryObserver(log: AttemptLog, metrics: RecoveryMetrics): RecoveryObserver {
  return {
    probed: ({ jobId, webhookId, companyId, eventId, attempt }, result, probe) => {
      metrics.probes(result);
      log.info('webhook.probed', { result, probe, jobId, webhookId, companyId, eventId, attempt });
    },
    recovered: metrics.recovered,
    discarded: ({ jobId, webhookId, companyId, eventId, attempt }, reason) => {
      metrics.dropped();
      log.info('delivery.discarded', { jobId, webhookId, companyId, eventId, attempt, reason });
    },
    dropped: ({ jobId, webhookId, companyId, eventId, attempt }, reason) => {
      metrics.heldDropped(reason);
      log.warn('delivery.dropped', { jobId, webhookId, companyId, eventId, attempt, reason });
    },
  };
}

function outcomeOf(outcome: Exclude<Outcome, { kind: 'unmade' }>): AttemptOutcome {
  return outcome.kind === 'delivered' ? 'delivered' : outcome.cause.kind;
}

function fieldsOf({ job, webhook, outcome, decision, startedAt, endedAt }: AttemptReport): Record<string, unknown> {
  const { answer } = outcome;
  return {
    outcome: outcomeOf(outcome),
    decision: decision.kind,
    status: answer?.status,
    cause: outcome.kind === 'failed' ? outcome.cause.text : undefined,
    attempt: job.attempt,
    durationMs: Math.round(endedAt - startedAt),
    sinceEventMs: Math.round(endedAt - job.receivedAt),
    notBefore: 'next' in decision ? new Date(decision.next.notBefore).toISOString() : undefined,
    jobId: job.jobId,
    webhookId: job.webhookId,
    webhookVersion: 'version' in webhook ? webhook.version : undefined,
    companyId: job.companyId,
    eventId: job.eventId,
    eventType: job.eventType,
    conversationId: job.conversationId,
    bodyBytes: job.body.byteLength,
    lane: job.lane,
    sourceTopic: job.source.topic,
    sourcePartition: job.source.partition,
    sourceOffset: job.source.offset,
  };
}
