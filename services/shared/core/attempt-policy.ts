/**
 * How often and how far apart an event is attempted, and what makes a webhook Failed, as data.
 *
 * "3 attempts per event: 1 original + 2 retries, 3 s apart." "Failed: after 3 non-2xx responses (or no response)
 * within 24 h with no success between them." All of it are settings; `compileAttemptPolicy` is the one door through
 * which they come in, so that the rules below never meet a nonsensical number.
 */
export interface AttemptPolicy {
  /** Attempts per event, the first included. */
  readonly attempts: number;
  /** Pause between the end of a failed attempt and the next one. */
  readonly retryDelayMs: number;
  /** Time-out of one attempt, from opening the socket to the last byte of the answer. */
  readonly timeoutMs: number;
  /** The longest that an endpoint may ask us to wait with Retry-After; what exceeds it is cut. */
  readonly maxRetryAfterMs: number;
  /** From the event on: later, a request to wait is a failed attempt like any other, so that it can't go on for ever. */
  readonly postponeWithinMs: number;
  /** The same for an event that was held: how long events are held at most. */
  readonly postponeHeldWithinMs: number;
}

export interface FailedPolicy {
  /** Counted failures that make a webhook Failed. */
  readonly threshold: number;
  /** How long a counted failure stays counted. */
  readonly windowMs: number;
  /** Count every failed attempt, or only events that used up their attempts. */
  readonly counts: 'attempts' | 'exhausted-events';
  /** From the failure that makes it Failed to the first probe; each further pause is twice the one before it. */
  readonly firstProbeMs: number;
  /** Longest pause between two probes. */
  readonly maxProbeMs: number;
}

/** Checks an attempt policy. @throws RangeError naming the field */
export function compileAttemptPolicy(policy: AttemptPolicy): AttemptPolicy {
  requirePositiveInteger('attempts', policy.attempts);
  requirePositiveInteger('retryDelayMs', policy.retryDelayMs);
  requirePositiveInteger('timeoutMs', policy.timeoutMs);
  requirePositiveInteger('maxRetryAfterMs', policy.maxRetryAfterMs);
  requirePositiveInteger('postponeWithinMs', policy.postponeWithinMs);
  requirePositiveInteger('postponeHeldWithinMs', policy.postponeHeldWithinMs);
  return Object.freeze({ ...policy });
}

/** Checks a policy of when a webhook is Failed. @throws RangeError naming the field */
export function compileFailedPolicy(policy: FailedPolicy): FailedPolicy {
  requirePositiveInteger('threshold', policy.threshold);
  requirePositiveInteger('windowMs', policy.windowMs);
  requirePositiveInteger('firstProbeMs', policy.firstProbeMs);
  requirePositiveInteger('maxProbeMs', policy.maxProbeMs);
  if (policy.maxProbeMs < policy.firstProbeMs)
    throw new RangeError(`maxProbeMs must be at least firstProbeMs, not ${policy.maxProbeMs}`);
  return Object.freeze({ ...policy });
}

function requirePositiveInteger(field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${field} must be a whole number of 1 or more, not ${value}`);
}
