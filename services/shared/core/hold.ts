import type { FailureEntry } from './failure-log.js';
import { attemptIdOf, type Job } from './job.js';

/**
 * How much is held for a Failed webhook, and what is said of an event that is not.
 *
 * "New events for the webhook, and attempts still owed, are held with the attempts they have left (bounded by count,
 * bytes and age, all settings). What exceeds the bound is logged as dropped, never silently." An attempt that comes when
 * the webhook's share is full is dropped, not an older one: what is held keeps its order and its promise. An event that an
 * attempt was made of keeps its further attempts whatever is held; they are few, those of the seconds before.
 */
export interface HoldPolicy {
  /** Held attempts per webhook. */
  readonly maxEvents: number;
  /** Bytes of their bodies. */
  readonly maxBytes: number;
  /** From the append of the event by its pipeline. */
  readonly maxAgeMs: number;
}

/** What is held for one webhook. */
export interface HeldAmount {
  readonly events: number;
  readonly bytes: number;
}

export type DropReason = 'held-full' | 'held-expired';

/** Checks a policy. @throws RangeError naming the field */
export function compileHoldPolicy(policy: HoldPolicy): HoldPolicy {
  for (const [field, value] of Object.entries(policy) as [string, number][])
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`${field} must be a whole number of 1 or more, not ${value}`);
  return Object.freeze({ ...policy });
}

/** Whether a body of `bytes` may be held beside what is held already. */
export function hasRoomFor(bytes: number, held: HeldAmount, policy: HoldPolicy): boolean {
  return held.events < policy.maxEvents && held.bytes + bytes <= policy.maxBytes;
}

/** The failure entry of an attempt that is dropped instead of being held. `now` is epoch ms. */
export function droppedEntry(job: Job, reason: DropReason, policy: HoldPolicy, now: number): FailureEntry {
  const { jobId, webhookId, companyId, eventId, eventType, conversationId, attempt, body } = job;
  return {
    attemptId: attemptIdOf(job),
    jobId,
    webhookId,
    companyId,
    eventId,
    eventType,
    conversationId,
    attempt,
    at: now,
    durationMs: 0,
    request: { method: 'POST', url: '', headers: {}, body: body.toString('utf8') },
    response: null,
    statusClass: 'none',
    cause: { kind: reason, text: WORDS[reason](policy) },
    followUp: { kind: 'dropped' },
  };
}

const WORDS: Readonly<Record<DropReason, (policy: HoldPolicy) => string>> = {
  'held-full': ({ maxEvents, maxBytes }) =>
    `The event was dropped: the webhook is Failed, and as much is held for it as may be (${maxEvents} events or ${maxBytes} bytes).`,
  'held-expired': ({ maxAgeMs }) =>
    `The event was dropped: the webhook stayed Failed for longer than an event is held (${Math.round(maxAgeMs / 360_000) / 10} h).`,
};
