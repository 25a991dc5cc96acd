import type { AttemptPolicy, FailedPolicy } from '../../services/shared/core/attempt-policy.js';
import type { Event } from '../../services/shared/core/event.js';
import type { HoldPolicy } from '../../services/shared/core/hold.js';
import { firstJob, type Job } from '../../services/shared/core/job.js';
import type { Answer, SendFailureKind, SendResult } from '../../services/shared/core/outcome.js';
import type { SourcePosition } from '../../services/shared/core/vocabulary.js';
import type { Subscription } from '../../services/shared/core/company-subscriptions.js';
import type { Webhook } from '../../services/shared/core/webhook.js';

/** Small valid values for tests that open no port; a test overrides what its rule speaks of. */

/** 2026-11-24T04:00:00.000Z, in epoch ms. */
export const NOW = Date.UTC(2026, 10, 24, 4);

/** The defaults that PRODUCT.md names. */
export const ATTEMPTS: AttemptPolicy = {
  attempts: 3,
  retryDelayMs: 3_000,
  timeoutMs: 10_000,
  maxRetryAfterMs: 900_000,
  postponeWithinMs: 3_600_000,
  postponeHeldWithinMs: 72 * 3_600_000,
};
export const FAILED: FailedPolicy = {
  threshold: 3,
  windowMs: 24 * 3600 * 1000,
  counts: 'attempts',
  firstProbeMs: 3_000,
  maxProbeMs: 900_000,
};
export const HOLD: HoldPolicy = { maxEvents: 100, maxBytes: 1_000_000, maxAgeMs: 72 * 3600 * 1000 };

export function eventOf(overrides: Partial<Event> = {}): Event {
  return {
    eventId: 'evt_1',
    eventType: 'call.initiated',
    companyId: 'company_1',
    occurredAt: '2026-11-24T03:59:59.000Z',
    eventSequence: 1,
    conversationId: 'call_1',
    data: { call_id: 'call_1' },
    ...overrides,
  };
}

export function subscriptionOf(overrides: Partial<Subscription> = {}): Subscription {
  return { webhookId: 'wh_1', events: ['call.initiated'], status: 'active', ...overrides };
}

export function webhookOf(overrides: Partial<Webhook> = {}): Webhook {
  return {
    id: 'wh_1',
    companyId: 'company_1',
    url: 'https://hooks.example/in',
    authentication: { kind: 'none' },
    headers: [],
    status: 'active',
    failures: [],
    countsFrom: 0,
    version: 1,
    ...overrides,
  };
}

export function sourceOf(offset = 7, partition = 0, topic = 'calls.events'): SourcePosition {
  return { topic, partition, offset: String(offset) };
}

export function jobOf(overrides: Partial<Job> = {}): Job {
  const job = firstJob(eventOf(), overrides.webhookId ?? 'wh_1', Buffer.from('{"event_id":"evt_1"}'), sourceOf(), NOW);
  return { ...job, ...overrides };
}

export function answerOf(status: number, overrides: Partial<Answer> = {}): SendResult {
  return {
    kind: 'answer',
    answer: { status, headers: {}, body: '', bodyTruncated: false, durationMs: 12, ...overrides },
  };
}

export function noAnswerOf(failure: SendFailureKind, detail = ''): SendResult {
  return { kind: 'no-answer', failure, detail, durationMs: 12 };
}
