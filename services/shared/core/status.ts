import type { FailedPolicy } from './attempt-policy.js';
import { reduceCircuit, type CircuitState, type ProbePolicy } from './circuit.js';
import type { CountedFailure } from './webhook.js';

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
 *   active  + failure, reaching the threshold → failed, the circuit opens
 *   failed  + success                         → active, the circuit closes
 *   inactive + anything                       → inactive: it is the Owner's word
 *
 * What the circuit of a Failed webhook does is circuit.ts.
 */
export interface CountingState extends CircuitState {
  readonly failures: readonly CountedFailure[];
  /** Epoch ms of the last enable or edit: attempts that began earlier don't count. */
  readonly countsFrom: number;
}

export type CountingPolicy = Pick<FailedPolicy, 'threshold' | 'windowMs'> & ProbePolicy;

export interface FailedAttempt {
  readonly attemptId: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms at which it ended. */
  readonly at: number;
}

/** The state after a failed attempt; the same object when the attempt doesn't count. */
export function countFailure(state: CountingState, attempt: FailedAttempt, policy: CountingPolicy): CountingState {
  const ignored =
    state.status === 'inactive' ||
    attempt.startedAt < state.countsFrom ||
    state.failures.some((failure) => failure.attemptId === attempt.attemptId);
  if (ignored) return state;
  const recent = state.failures.filter((failure) => failure.at > attempt.at - policy.windowMs);
  const failures = [...recent, { attemptId: attempt.attemptId, at: attempt.at }].slice(-policy.threshold);
  const tripped = failures.length >= policy.threshold;
  const circuit = tripped ? reduceCircuit(state, { kind: 'tripped', at: attempt.at }, policy) : state;
  return { ...state, status: circuit.status, circuit: circuit.circuit, failures };
}

/** The state after a success that ended at `at` (epoch ms); the same object when there is nothing to reset. */
export function countSuccess(state: CountingState, at: number, policy: CountingPolicy): CountingState {
  if (state.status === 'inactive') return state;
  const failures = state.failures.filter((failure) => failure.at > at);
  const recovers = state.status === 'failed' && failures.length < policy.threshold;
  if (failures.length === state.failures.length && !recovers) return state;
  const circuit = recovers ? reduceCircuit(state, { kind: 'recovered', at }, policy) : state;
  return { ...state, status: circuit.status, circuit: circuit.circuit, failures };
}
