import type { FailedPolicy } from './attempt-policy.js';
import type { CountedFailure } from './webhook.js';
import type { Status } from './vocabulary.js';

/**
 * When a webhook is Failed, and when it is Active again.
 *
 * "After 3 non-2xx responses (or no response) within 24 h with no success between them, the webhook's status becomes
 * Failed; any success resets the counter to 0. The counter starts anew when the webhook is enabled or its endpoint is
 * edited. A redelivered Kafka record never counts twice."
 *
 * Completions of one webhook come from several processes and out of order, so both rules speak of the instants at
 * which attempts ended: a success forgives the failures that ended before it, whenever it is reported. MongoDB applies
 * the same rules in one atomic update each; a property test holds the two together.
 *
 *   active  + failure, below the threshold    → active
 *   active  + failure, reaching the threshold → failed
 *   failed  + success                         → active
 *   inactive + anything                       → inactive: it is the Owner's word
 */
export interface CountingState {
  readonly status: Status;
  readonly failures: readonly CountedFailure[];
  /** Epoch ms of the last enable or edit: attempts that began earlier don't count. */
  readonly countsFrom: number;
}

export interface FailedAttempt {
  readonly attemptId: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms at which it ended. */
  readonly at: number;
}

/** The state after a failed attempt; the same object when the attempt doesn't count. */
export function countFailure(
  state: CountingState,
  attempt: FailedAttempt,
  policy: Pick<FailedPolicy, 'threshold' | 'windowMs'>,
): CountingState {
  const ignored =
    state.status === 'inactive' ||
    attempt.startedAt < state.countsFrom ||
    state.failures.some((failure) => failure.attemptId === attempt.attemptId);
  if (ignored) return state;
  const recent = state.failures.filter((failure) => failure.at > attempt.at - policy.windowMs);
  const failures = [...recent, { attemptId: attempt.attemptId, at: attempt.at }].slice(-policy.threshold);
  const status = failures.length >= policy.threshold ? 'failed' : state.status;
  return { ...state, status, failures };
}

/** The state after a success that ended at `at` (epoch ms); the same object when there is nothing to reset. */
export function countSuccess(state: CountingState, at: number, policy: Pick<FailedPolicy, 'threshold'>): CountingState {
  if (state.status === 'inactive') return state;
  const failures = state.failures.filter((failure) => failure.at > at);
  const recovers = state.status === 'failed' && failures.length < policy.threshold;
  if (failures.length === state.failures.length && !recovers) return state;
  return { ...state, status: recovers ? 'active' : state.status, failures };
}
