/**
 * How many events are due: the schedule of a simulation, kept in absolute time.
 *
 * The n-th event is due n / rate after the start, however late those before it were, so that pauses of the event loop
 * and slow acknowledgements add up to no drift. What was missed is made up in bursts of at most `burst`.
 */
export interface PaceOptions {
  /** Events per second, above 0. */
  readonly rate: number;
  /** The instant of the first event, in ms of the clock that `take` is asked with. */
  readonly startedAt: number;
  /** Most events at once; by default what is due in 100 ms, at least one. */
  readonly burst?: number;
}

export class Pace {
  readonly #everyMs: number;
  readonly #startedAt: number;
  readonly #burst: number;
  #taken = 0;

  constructor({ rate, startedAt, burst = Math.max(1, Math.ceil(rate / 10)) }: PaceOptions) {
    this.#everyMs = 1_000 / rate;
    this.#startedAt = startedAt;
    this.#burst = burst;
  }

  /** How many events to send at `now` (ms); they count as sent. */
  take(now: number): number {
    const due = Math.floor((now - this.#startedAt) / this.#everyMs) + 1 - this.#taken;
    const count = Math.min(Math.max(due, 0), this.#burst);
    this.#taken += count;
    return count;
  }

  /** Milliseconds from `now` until the next event is due; 0 when one is. */
  waitMs(now: number): number {
    return Math.max(0, this.#startedAt + this.#taken * this.#everyMs - now);
  }
}
