interface Waiter<V> {
  readonly promise: Promise<V | undefined>;
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Most keys of one find: keeps its filter, its plan and its answer small. */
const MAX_KEYS = 500;

/**
 * Turns single look-ups into few finds: all keys asked for during one turn of the event loop are read together, and a
 * key that is asked for twice in it is read once. Adds no delay of its own. A failed find fails each of its callers.
 */
export class TickBatch<V> {
  readonly #findMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  #waiting = new Map<string, Waiter<V>>();

  constructor(findMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>) {
    this.#findMany = findMany;
  }

  /** What the find has for `key`; undefined when it has nothing. */
  get(key: string): Promise<V | undefined> {
    const known = this.#waiting.get(key);
    if (known !== undefined) return known.promise;
    if (this.#waiting.size === 0) setImmediate(() => this.#send());
    const waiter = newWaiter<V>();
    this.#waiting.set(key, waiter);
    return waiter.promise;
  }

  #send(): void {
    const all = [...this.#waiting];
    this.#waiting = new Map();
    for (let from = 0; from < all.length; from += MAX_KEYS) void this.#read(all.slice(from, from + MAX_KEYS));
  }

  async #read(batch: readonly (readonly [string, Waiter<V>])[]): Promise<void> {
    try {
      const found = await this.#findMany(batch.map(([key]) => key));
      for (const [key, waiter] of batch) waiter.resolve(found.get(key));
    } catch (error) {
      for (const [, waiter] of batch) waiter.reject(error);
    }
  }
}

function newWaiter<V>(): Waiter<V> {
  let resolve!: Waiter<V>['resolve'];
  let reject!: Waiter<V>['reject'];
  const promise = new Promise<V | undefined>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
