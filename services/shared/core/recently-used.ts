/**
 * Values by key: the ones that were used last, `max` at most beside those that must stay.
 *
 * In two generations: what is used is young; when the young are half of all, they become the old, and the old that were not
 * used since are forgotten. So a use is a look-up. To move an entry to the end of a Map each time would make V8 build the Map
 * anew every few uses, and each of its tables keeps the next ones alive until a full collection. (lru-cache, which caches of
 * what was read go by, forgets by count alone: it can't be told that a value must stay.)
 */
export class RecentlyUsed<V> {
  readonly #maxYoung: number;
  readonly #mustStay: (value: V) => boolean;
  #young = new Map<string, V>();
  #old: ReadonlyMap<string, V> = new Map();

  constructor(max: number, mustStay: (value: V) => boolean = () => false) {
    this.#maxYoung = Math.ceil(max / 2);
    this.#mustStay = mustStay;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** Without using it. */
  peek(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#maxYoung && !this.#young.has(key)) this.#age();
    this.#young.set(key, value);
  }

  #age(): void {
    const [old, young] = [this.#old, this.#young];
    this.#old = young;
    this.#young = new Map([...old].filter(([key, value]) => this.#mustStay(value) && !young.has(key)));
  }
}
