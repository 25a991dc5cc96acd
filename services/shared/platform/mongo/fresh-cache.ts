import { LRUCache } from 'lru-cache';
import type { Freshness } from './change-feed.js';
import { KeyIndex } from './key-index.js';
import { TickBatch } from './tick-batch.js';
import type { WebhookChange } from './webhook-change.js';

/**
 * A bounded cache of what MongoDB says about webhooks, never more than 2 s behind it.
 *
 * An entry is served while the change feed is heard and has named nothing that it depends on, for 40 to 60 s (by chance:
 * what was read together is not read again in one moment); while the feed is not heard, for 1 s after it was read.
 * Otherwise it is read again, and when MongoDB is away that fails: serving old entries then would send events to endpoints
 * that their owner has deleted. Who knows better, because it changed the webhook itself, has its entry forgotten.
 *
 * The race that matters: a change is announced while the entry that it concerns is being read. The value on its way
 * may be older than the change, so that reading is marked `outdated`: its value is not kept, it is read again for
 * those who wait, and who asks after the announcement starts a reading of their own.
 *
 *   reading begins … value arrives                              → kept, aged from the beginning of the reading
 *   reading begins … change named, or forgotten … value arrives → not kept, read again
 *   reading begins … gap (feed opened anew) … arrives           → not kept, read again
 */
export interface FreshCacheOptions<V> {
  readonly maxEntries: number;
  readonly feed: Freshness;
  /** Reads many keys at once; a key that is not in the answer counts as `absent`. @throws DependencyError */
  readonly readMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  readonly absent: V;
  /** The webhooks in a value: what an update or delete, which names only a webhook, is traced by. */
  readonly webhookIdsOf: (value: V) => readonly string[];
  readonly keyOf: (companyId: string, webhookId: string) => string;
  /** Whether an entry of this key could hold this webhook, as far as the key tells. */
  readonly mayHold: (key: string, webhookId: string) => boolean;
  /** Whether the cached values depend on this change. */
  readonly concerns: (change: WebhookChange) => boolean;
}

/** What the metrics read. */
export interface FreshCacheCounters {
  hits: number;
  misses: number;
  /** Entries dropped because of a change. */
  invalidated: number;
  /** Readings whose value was overtaken by a change and read again. */
  outdated: number;
}

/** Whole milliseconds: V8 makes an object of each number that has a fraction. */
interface Entry<V> {
  readonly value: V;
  readonly readAt: number;
  readonly maxAgeMs: number;
}

interface Reading<V> {
  value: Promise<V>;
  outdated: boolean;
}

const MAX_AGE_MS = 60_000;
const MIN_AGE_MS = 40_000;
const UNHEARD_AGE_MS = 1_000;
/** How often a reading that changes overtake is begun anew before its last value is given out, unkept. */
const MAX_READINGS = 3;
/** Where thousands change, those that are in use are read first. */
const MAX_AHEAD = 100;

export class FreshCache<V> {
  readonly counters: FreshCacheCounters = { hits: 0, misses: 0, invalidated: 0, outdated: 0 };
  readonly #options: FreshCacheOptions<V>;
  readonly #entries: LRUCache<string, Entry<V>>;
  readonly #readings = new Map<string, Reading<V>>();
  readonly #index = new KeyIndex();
  readonly #batch: TickBatch<V>;

  constructor(options: FreshCacheOptions<V>) {
    this.#options = options;
    this.#batch = new TickBatch(options.readMany);
    this.#entries = new LRUCache({
      max: options.maxEntries,
      dispose: ({ value }, key) => {
        for (const id of options.webhookIdsOf(value)) this.#index.remove(id, key);
      },
    });
    options.feed.subscribe({ onChange: (change) => this.#onChange(change), onGap: () => this.#onGap() });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry, if it may be served at `now` (of performance.now()). */
  get(key: string, now: number): Entry<V> | undefined {
    const entry = this.#entries.get(key);
    const isHeard = this.#options.feed.isHeard(now);
    if (entry === undefined || now - entry.readAt > (isHeard ? entry.maxAgeMs : UNHEARD_AGE_MS)) {
      this.counters.misses += 1;
      return undefined;
    }
    this.counters.hits += 1;
    return entry;
  }

  /** What is kept, however old. */
  peek(key: string): V | undefined {
    return this.#entries.peek(key)?.value;
  }

  /** Reads the entry, together with all others of this turn of the event loop. @throws DependencyError */
  read(key: string): Promise<V> {
    return this.#readings.get(key)?.value ?? this.#begin(key, 1);
  }

  /** Whoever asks from now on gets what a reading of their own brings. */
  #forget(key: string): void {
    if (this.#entries.delete(key)) this.counters.invalidated += 1;
    const reading = this.#readings.get(key);
    if (reading === undefined) return;
    reading.outdated = true;
    this.#readings.delete(key);
  }

  /** What was read before this call isn't served any more; an entry is read again at once: it is in use, likely. */
  refresh(key: string): void {
    const isInUse = this.#entries.has(key) || this.#readings.has(key);
    this.#forget(key);
    if (isInUse) this.#readAhead(key);
  }

  #begin(key: string, readings: number): Promise<V> {
    const reading: Reading<V> = { value: Promise.resolve(this.#options.absent), outdated: false };
    this.#readings.set(key, reading);
    reading.value = this.#finish(key, reading, readings);
    return reading.value;
  }

  async #finish(key: string, reading: Reading<V>, readings: number): Promise<V> {
    const readAt = Math.floor(performance.now());
    try {
      const value = (await this.#batch.get(key)) ?? this.#options.absent;
      if (!reading.outdated) {
        const maxAgeMs = MIN_AGE_MS + Math.floor(Math.random() * (MAX_AGE_MS - MIN_AGE_MS));
        this.#keep(key, { value, readAt, maxAgeMs });
        return value;
      }
      this.counters.outdated += 1;
      if (readings === MAX_READINGS) return value;
    } finally {
      if (this.#readings.get(key) === reading) this.#readings.delete(key);
    }
    return this.#readings.get(key)?.value ?? this.#begin(key, readings + 1);
  }

  #keep(key: string, entry: Entry<V>): void {
    this.#entries.set(key, entry);
    for (const id of this.#options.webhookIdsOf(entry.value)) this.#index.add(id, key);
  }

  #onChange(change: WebhookChange): void {
    if (!this.#options.concerns(change)) return;
    const { webhookId, companyId } = change;
    const keys = new Set(this.#index.keysOf(webhookId).filter((key) => this.#holds(key, webhookId)));
    if (companyId !== undefined) keys.add(this.#options.keyOf(companyId, webhookId));
    else if (keys.size === 0) this.#outdate((key) => this.#options.mayHold(key, webhookId));
    for (const key of keys) this.refresh(key);
  }

  /** What changed is in use, likely, and what changed together is read together. Who asks next gets the same answer. */
  #readAhead(key: string): void {
    if (this.#readings.size < MAX_AHEAD) this.read(key).catch(() => undefined);
  }

  #holds(key: string, webhookId: string): boolean {
    const value = this.peek(key);
    return value !== undefined && this.#options.webhookIdsOf(value).includes(webhookId);
  }

  #outdate(concerned: (key: string) => boolean): void {
    for (const [key, reading] of this.#readings) {
      if (!concerned(key)) continue;
      reading.outdated = true;
      this.#readings.delete(key);
    }
  }

  #onGap(): void {
    this.#entries.clear();
    this.#outdate(() => true);
  }
}
