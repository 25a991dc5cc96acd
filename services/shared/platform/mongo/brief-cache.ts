import { LRUCache } from 'lru-cache';

/**
 * Keeps answers for a few seconds, so that many requests of one caller cost one query. An answer of "there is none" is
 * not kept: what was just created is found at once. Those who ask while an answer is on its way wait for the same one.
 */
export class BriefCache<V extends object> {
  readonly #entries: LRUCache<string, Promise<V | undefined>>;

  constructor(options: { readonly maxEntries: number; readonly ttlMs: number }) {
    this.#entries = new LRUCache({ max: options.maxEntries, ttl: options.ttlMs });
  }

  /** @throws whatever `load` throws */
  async get(key: string, load: () => Promise<V | undefined>): Promise<V | undefined> {
    const kept = this.#entries.get(key);
    if (kept !== undefined) return kept;
    const loading = load();
    // Aged from the beginning of the reading: the bound on how old an answer can be holds.
    this.#entries.set(key, loading);
    try {
      const value = await loading;
      if (value === undefined) this.#drop(key, loading);
      return value;
    } catch (error) {
      this.#drop(key, loading);
      throw error;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  #drop(key: string, loading: Promise<V | undefined>): void {
    if (this.#entries.peek(key) === loading) this.#entries.delete(key);
  }
}
