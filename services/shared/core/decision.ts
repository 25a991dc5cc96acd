import type { AttemptPolicy } from './attempt-policy.js';
import type { Job } from './job.js';
import type { Outcome } from './outcome.js';

/**
 * What follows from the outcome of an attempt.
 *
 * "3 attempts per event: 1 original + 2 retries, 3 s apart." The pause is counted from the end of the failed attempt.
 * An attempt that was not really made (`unmade`) is asked for again with the same number: it is no attempt.
 *
 *   attempt  outcome    decision (3 attempts, 3 s)
 *   any      delivered  delivered
 *   1        failed     retry attempt 2, not before now + 3 s
 *   2        failed     retry attempt 3, not before now + 3 s
 *   3        failed     exhausted
 *
 * While the webhook is Failed, the attempts that an event has left are held instead: what would be a retry is `held`.
 */
export type Decision =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly attempt: number; readonly notBefore: number }
  | { readonly kind: 'held'; readonly attempt: number }
  | { readonly kind: 'exhausted' };

/** What follows from a failed attempt. */
export type FailureDecision = Exclude<Decision, { kind: 'delivered' }>;

/** `endedAt` is the epoch ms at which the attempt ended. */
export function decideNext(
  job: Pick<Job, 'attempt'>,
  outcome: Extract<Outcome, { kind: 'failed' }>,
  policy: AttemptPolicy,
  endedAt: number,
): FailureDecision;
export function decideNext(
  job: Pick<Job, 'attempt'>,
  outcome: Exclude<Outcome, { kind: 'unmade' }>,
  policy: AttemptPolicy,
  endedAt: number,
): Decision;
export function decideNext(
  job: Pick<Job, 'attempt'>,
  outcome: Exclude<Outcome, { kind: 'unmade' }>,
  policy: AttemptPolicy,
  endedAt: number,
): Decision {
  if (outcome.kind === 'delivered') return { kind: 'delivered' };
  if (job.attempt >= policy.attempts) return { kind: 'exhausted' };
  return { kind: 'retry', attempt: job.attempt + 1, notBefore: endedAt + policy.retryDelayMs };
}

/** The decision for a webhook that is Failed once the failure is counted. */
export function whileFailed(decision: FailureDecision): FailureDecision {
  return decision.kind === 'retry' ? { kind: 'held', attempt: decision.attempt } : decision;
}
