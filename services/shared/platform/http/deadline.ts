/**
 * A deadline for what another side does. It is only as late as this process was awake to see: where it goes off more than
 * a second late, we slept (a stopped process, a blocked event loop), and what came meanwhile lies unread in the sockets.
 * Then it is put off once by what was slept, by `ms` at most, so that nobody is blamed for our own absence.
 */
export class Deadline {
  readonly #ms: number;
  readonly #onPassed: () => void;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout;

  constructor(ms: number, onPassed: () => void) {
    this.#ms = ms;
    this.#onPassed = onPassed;
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  /** Milliseconds since it was set. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  #look(): void {
    const sleptMs = this.elapsedMs - this.#ms;
    if (sleptMs > SLEPT_MS) this.#timer = setTimeout(this.#onPassed, Math.min(sleptMs, this.#ms));
    else this.#onPassed();
  }
}

/** A timer that is late by more is the sign of it. */
const SLEPT_MS = 1_000;
