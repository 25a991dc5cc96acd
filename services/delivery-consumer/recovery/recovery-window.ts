/**
 * How many held events a webhook that has recovered is given at a time. Pure.
 *
 * "The held events follow in order, throttled, behind live traffic." An endpoint that has just come back is not pushed
 * over again: the window begins at one, grows by one with each success up to the bound, and is halved by each failure.
 */
export class RecoveryWindow {
  readonly #max: number;
  #size = 1;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  succeeded(): void {
    this.#size = Math.min(this.#max, this.#size + 1);
  }

  failed(): void {
    this.#size = Math.max(1, Math.floor(this.#size / 2));
  }
}
