/**
 * Things to come, taken in order of their time; of equal ones, the one put in last comes last.
 * A sorted list with a binary search: quicker than a heap for the some thousands that a simulation has open.
 */
export class Agenda<T> {
  /** The next one stands at the end. */
  readonly #entries: { readonly at: number; readonly item: T }[] = [];

  put(at: number, item: T): void {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, { at, item });
  }

  /** Removes the next one; undefined when there is none. */
  take(): T | undefined {
    return this.#entries.pop()?.item;
  }
}
