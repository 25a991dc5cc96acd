import type { Outcome } from '../shared/core/outcome.js';
import { RecentlyUsed } from '../shared/core/recently-used.js';
import type { PaceKind } from './scheduler.js';

/**
 * How many attempts one webhook may have in flight, and whether it counts as fast. Pure: instants are arguments.
 *
 * "In-flight cap per webhook that adapts between 2 and 64 by observed latency and time-outs." It is AIMD, as in TCP, and
 * not a gradient of latencies: a gradient trusts its idea of the unloaded latency, which cold TLS handshakes and an
 * endpoint that is slow from the first request on both spoil, and it keeps pushing an endpoint that answers late but
 * steadily; halving at a loss needs no such idea and lets go at once.
 *
 *   1 until the first answer: who hangs takes one place until that is known
 *   begins at 4, so that a cold burst opens no more than 4 connections; again after 15 s of silence, when those are closed
 *   + 1 per success that found the cap used up, until the first loss (doubles per round trip); + 1/cap after it
 *   ÷ 2 when no answer came, and at 429 or 503; × 0.9 when a success took 3 times the usual and 50 ms more
 *   at most one step down per round of attempts: those that were in flight with it tell of the same trouble
 *
 * Fast is who has answered, on average within `slowAfterMs`, and hasn't let requests lie unanswered for as long: that is
 * `unknown` before the first answer, and again `fast` below half of that bound, so that nobody flaps. An attempt that
 * waits for MongoDB, or for a try of its own after a fault of ours, has a place, and no request that lies anywhere.
 */
export interface PaceLimits {
  readonly maxInFlight: number;
  readonly slowAfterMs: number;
}

const MIN = 2;
const START = 4;
const IDLE_MS = 15_000;
const USUAL_FACTOR = 3;
const USUAL_MARGIN_MS = 50;
/** Weight of the newest latency in the average. */
const NEWEST = 0.3;
/** How fast the usual latency rises towards what is seen; it falls at once. */
const DRIFT = 0.01;

export class Pace {
  readonly #limits: PaceLimits;
  #cap: number;
  #inFlight = 0;
  /** Of these, with a request on its way. */
  #unanswered = 0;
  #kind: PaceKind = 'unknown';
  #hasLost = false;
  /** Attempts that still tell of the trouble of the last step down. */
  #sameTrouble = 0;
  #usualMs: number | undefined;
  #averageMs: number | undefined;
  #lastEndAt = -Infinity;
  #lastSignAt = 0;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
    this.#cap = Math.min(START, limits.maxInFlight);
  }

  /** Attempts that may be in flight now. */
  get cap(): number {
    return this.#kind === 'unknown' ? 1 : Math.floor(this.#cap);
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  get kind(): PaceKind {
    return this.#kind;
  }

  /** A job of the webhook was taken. `now` in ms, of any clock that doesn't go back. */
  began(now: number): void {
    if (this.#inFlight === 0 && now - this.#lastEndAt > IDLE_MS)
      this.#cap = Math.min(this.#cap, START, this.#limits.maxInFlight);
    this.#inFlight += 1;
  }

  /** Its request goes out. */
  asked(now: number): void {
    if (this.#unanswered === 0) this.#lastSignAt = now;
    this.#unanswered += 1;
  }

  /** Its request came to an end, whichever. */
  answered(now: number): void {
    this.#unanswered -= 1;
    this.#lastSignAt = now;
  }

  /** Its attempt came to this. */
  attempted(outcome: Exclude<Outcome, { kind: 'unmade' }>, durationMs: number): void {
    const isUsual = this.#measure(outcome, durationMs);
    if (this.#sameTrouble > 0) this.#sameTrouble -= 1;
    else if (isLoss(outcome)) this.#stepDown(0.5);
    else if (!isUsual) this.#stepDown(0.9);
    else if (outcome.kind === 'delivered' && this.#inFlight >= this.cap) this.#stepUp();
  }

  /** The job is done with, whether it was attempted or not. */
  ended(now: number): void {
    this.#inFlight -= 1;
    this.#lastEndAt = now;
  }

  /** Whether requests lie unanswered for so long that the webhook turns slow. */
  isStalled(now: number): boolean {
    if (this.#unanswered === 0 || now - this.#lastSignAt <= this.#limits.slowAfterMs) return false;
    this.#kind = 'slow';
    this.#averageMs = Math.max(this.#averageMs ?? 0, now - this.#lastSignAt);
    return true;
  }

  /** Notes the latency; false when a success took much longer than usual. */
  #measure(outcome: Exclude<Outcome, { kind: 'unmade' }>, durationMs: number): boolean {
    const average =
      this.#averageMs === undefined ? durationMs : this.#averageMs + NEWEST * (durationMs - this.#averageMs);
    this.#averageMs = average;
    if (average > this.#limits.slowAfterMs) this.#kind = 'slow';
    else if (this.#kind === 'unknown' || average * 2 < this.#limits.slowAfterMs) this.#kind = 'fast';
    if (outcome.kind !== 'delivered') return true;
    const usual = this.#usualMs ?? durationMs;
    this.#usualMs = durationMs < usual ? durationMs : usual + DRIFT * (durationMs - usual);
    return durationMs <= usual * USUAL_FACTOR + USUAL_MARGIN_MS;
  }

  #stepUp(): void {
    this.#cap = Math.min(this.#limits.maxInFlight, this.#cap + (this.#hasLost ? 1 / this.#cap : 1));
  }

  #stepDown(factor: number): void {
    this.#hasLost = true;
    this.#cap = Math.max(Math.min(MIN, this.#limits.maxInFlight), this.#cap * factor);
    this.#sameTrouble = this.#inFlight - 1;
  }
}

function isLoss(outcome: Exclude<Outcome, { kind: 'unmade' }>): boolean {
  if (outcome.kind === 'delivered') return false;
  return outcome.answer === null || outcome.answer.status === 429 || outcome.answer.status === 503;
}

/** The paces of the webhooks that were busy last; one that is forgotten begins anew, so none in flight is. */
export class Paces {
  readonly #limits: PaceLimits;
  readonly #paces: RecentlyUsed<Pace>;

  constructor(limits: PaceLimits, maxWebhooks: number) {
    this.#limits = limits;
    this.#paces = new RecentlyUsed(maxWebhooks, (pace) => !pace.isIdle);
  }

  readonly of = (webhookId: string): Pace => {
    let pace = this.#paces.get(webhookId);
    if (pace === undefined) this.#paces.set(webhookId, (pace = new Pace(this.#limits)));
    return pace;
  };
}
