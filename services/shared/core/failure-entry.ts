import type { FailureDecision } from './decision.js';
import type { FailureEntry, FollowUp } from './failure-log.js';
import { attemptIdOf, type Job } from './job.js';
import { maskHeaders, maskUrl } from './mask.js';
import { statusClassOf, type Outcome } from './outcome.js';
import type { HttpRequest } from './request.js';

/**
 * Writes the failure entry of an attempt: "the request (secrets masked), the response status, headers and the first
 * 16 KiB of the body, the cause in plain words, the duration, the attempt number and what follows".
 *
 * `request` is null when none could be built; `endedAt` is epoch ms.
 */
export function failureEntry(
  job: Job,
  request: HttpRequest | null,
  secretHeaders: readonly string[],
  outcome: Extract<Outcome, { kind: 'failed' }>,
  decision: FailureDecision,
  endedAt: number,
): FailureEntry {
  const { answer } = outcome;
  return {
    attemptId: attemptIdOf(job),
    jobId: job.jobId,
    webhookId: job.webhookId,
    companyId: job.companyId,
    eventId: job.eventId,
    eventType: job.eventType,
    conversationId: job.conversationId,
    attempt: job.attempt,
    at: endedAt,
    durationMs: outcome.durationMs,
    request: {
      method: 'POST',
      url: request === null ? '' : maskUrl(request.origin + request.path),
      headers: request === null ? {} : maskHeaders(request.headers, secretHeaders),
      body: job.body.toString('utf8'),
    },
    response:
      answer === null
        ? null
        : { status: answer.status, headers: answer.headers, body: answer.body, bodyTruncated: answer.bodyTruncated },
    statusClass: statusClassOf(answer),
    cause: outcome.cause,
    followUp: followUpOf(decision),
  };
}

function followUpOf(decision: FailureDecision): FollowUp {
  switch (decision.kind) {
    case 'retry':
    case 'postponed':
      return { kind: 'retry', at: decision.next.notBefore };
    case 'held':
      return { kind: 'held' };
    case 'exhausted':
    case 'gone':
      return { kind: 'exhausted' };
  }
}
