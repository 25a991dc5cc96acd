import type { AttemptPolicy } from './attempt-policy.js';
import { postponed, retryOf, type Job } from './job.js';
import type { Outcome } from './outcome.js';
import { retryAfterMs } from './retry-after.js';

/**
 * What follows from the outcome of an attempt.
 *
 * "3 attempts per event: 1 original + 2 retries, 3 s apart." The pause is counted from the end of the failed attempt.
 * An attempt that was not really made (`unmade`) is asked for again with the same number: it is no attempt.
 *
 *   attempt  outcome                          decision (3 attempts, 3 s)
 *   any      delivered                        delivered
 *   any      410 Gone                         gone: the webhook is disabled, nothing more is attempted; as any other
 *                                             failure where it was enabled or edited since the attempt began
 *   any      429 or 503 with Retry-After      postponed: the same attempt, that much later (3 s to 15 min), as long as
 *                                             the event is younger than an hour, or was held and may be held on
 *   1        failed otherwise                 retry attempt 2, not before now + 3 s
 *   2        failed otherwise                 retry attempt 3, not before now + 3 s
 *   3        failed otherwise                 exhausted
 *
 * While the webhook is Failed, the attempts that an event has left are held instead: `whileFailed`. An event that was
 * held waits where it was, and what is held behind it, too: its webhook recovers as slowly as its endpoint asks.
 */
export type Decision = { readonly kind: 'delivered' } | FailureDecision;

/** What follows from a failed attempt; `next` is the job that is owed. */
export type FailureDecision =
  | { readonly kind: 'retry'; readonly next: Job }
  /** `held`: it waits among what is held, not in a topic. */
  | { readonly kind: 'postponed'; readonly next: Job; readonly held: boolean }
  | { readonly kind: 'held'; readonly next: Job }
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'gone' };

type Failed = Extract<Outcome, { kind: 'failed' }>;

const GONE = 410;
const ASKING_TO_WAIT: ReadonlySet<number> = new Set([429, 503]);

/** What follows from a failed attempt that ended at `endedAt` (epoch ms); `held`: of an event that was held. */
export function decideNext(
  job: Job,
  outcome: Failed,
  policy: AttemptPolicy,
  endedAt: number,
  held: boolean,
): FailureDecision {
  if (outcome.answer?.status === GONE) return { kind: 'gone' };
  const isYoung = endedAt - job.receivedAt <= (held ? policy.postponeHeldWithinMs : policy.postponeWithinMs);
  const waitMs = isYoung ? askedToWaitMs(outcome, policy, endedAt) : undefined;
  if (waitMs !== undefined) return { kind: 'postponed', next: postponed(job, endedAt + waitMs), held };
  return retryOrGiveUp(job, policy, endedAt);
}

/** What follows from a failure that means nothing in particular. */
export function retryOrGiveUp(job: Job, policy: AttemptPolicy, endedAt: number): FailureDecision {
  if (job.attempt >= policy.attempts) return { kind: 'exhausted' };
  return { kind: 'retry', next: retryOf(job, endedAt + policy.retryDelayMs) };
}

/**
 * The decision for a webhook that is Failed once the failure is counted; what is held owes no pause of its own. The one
 * that an endpoint asked for at a probe is its circuit's.
 */
export function whileFailed(decision: FailureDecision): FailureDecision {
  return 'next' in decision ? { kind: 'held', next: { ...decision.next, notBefore: 0 } } : decision;
}

/** Whether the failure counts towards Failed: an endpoint that asks to wait, and says how long, is not failing. */
export function countsAsFailure(decision: FailureDecision): boolean {
  return decision.kind !== 'postponed' && decision.kind !== 'gone';
}

function askedToWaitMs({ answer }: Failed, policy: AttemptPolicy, now: number): number | undefined {
  if (answer === null || !ASKING_TO_WAIT.has(answer.status)) return undefined;
  const askedMs = retryAfterMs(answer.headers['retry-after'], now);
  return askedMs === undefined ? undefined : Math.max(policy.retryDelayMs, Math.min(askedMs, policy.maxRetryAfterMs));
}
