import { setTimeout as pause } from 'node:timers/promises';
import type { ChangeStream, Db, Document, Timestamp } from 'mongodb';
import { onMongo } from './mongo-errors.js';
import { toWebhookChange, WATCHED_FIELDS, type WebhookChange } from './webhook-change.js';

/**
 * Tells the caches, as it happens, which webhooks changed: one change stream per process, shared by all of them.
 *
 * "Every attempt looks at the webhook as it is now": a saved change must take effect within 2 s, whatever fails.
 * So the feed answers a second question, "would I have heard of a change?". A round is one getMore, twice a second; the
 * server answers at once. (A round that waits there for a change makes the server look for one at each write of any
 * collection, for each process.) When a round that began at instant t came back and all it brought was applied,
 * every change committed before t is known. `isHeard` is true while t is less than 1.5 s ago; when it is false, caches
 * re-read what is older than 1 s, which is the polling that replaces the stream.
 *
 *   stream open, rounds come back                          → heard
 *   server away, silent, or this event loop blocked         → not heard, until a later round comes back
 *   stream broken, the driver resumed it where it was        → nothing was missed; heard after its next round
 *   stream broken, opened anew                              → changes were missed: everything cached is dropped
 *
 * It never throws and never gives up: without a replica set it stays unheard, and polling does the work.
 */
export interface ChangeFeedListener {
  onChange(change: WebhookChange): void;
  /** Changes may have been missed: nothing that was read before this call may be trusted. */
  onGap(): void;
}

/** What the metrics read. */
export interface ChangeFeedCounters {
  changes: number;
  opened: number;
  lost: number;
}

/** The part of the feed that caches need. */
export interface Freshness {
  /** Whether a change committed `HEARD_MS` ago would be known by now. `now` comes from performance.now(). */
  isHeard(now: number): boolean;
  /** Reads must not go behind this instant: a new primary may still lag behind the change that we heard of. */
  readonly readAfter: Timestamp | undefined;
  subscribe(listener: ChangeFeedListener): void;
}

const ROUND_EVERY_MS = 500;
/** The least that can be said: 0 would mean a second. */
const MAX_AWAIT_MS = 1;
const HEARD_MS = 1_500;
/** A round that takes longer, the driver's own resuming included, is given up, and the stream with it. */
const ROUND_DEADLINE_MS = 10_000;
const CLOSE_DEADLINE_MS = 4_000;
const REOPEN_PAUSE_MS = [100, 250, 500, 1_000] as const;
/** A batch of this size may have been cut by the server (101 is its first limit): more may be waiting there. */
const CUT_BATCH = 100;

export class ChangeFeed implements Freshness {
  readonly counters: ChangeFeedCounters = { changes: 0, opened: 0, lost: 0 };
  readonly #db: Db;
  readonly #onLost: (error: unknown) => void;
  readonly #listeners: ChangeFeedListener[] = [];
  readonly #closing = new AbortController();
  #stream: ChangeStream<Document, Document> | undefined;
  #loop: Promise<void> | undefined;
  #heardAt = -Infinity;
  #failures = 0;
  #readAfter: Timestamp | undefined;

  /** `onLost` is told whenever the stream has to be opened anew; it must not throw. */
  constructor(db: Db, onLost: (error: unknown) => void) {
    this.#db = db;
    this.#onLost = onLost;
  }

  get readAfter(): Timestamp | undefined {
    return this.#readAfter;
  }

  isHeard(now: number): boolean {
    return now - this.#heardAt < HEARD_MS;
  }

  subscribe(listener: ChangeFeedListener): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends the stream and waits until nothing of it is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#heardAt = -Infinity;
    if (this.#stream !== undefined) await closed(this.#stream);
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#listen();
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        this.counters.lost += 1;
        this.#onLost(error);
      }
      this.#heardAt = -Infinity;
      await this.#pause(REOPEN_PAUSE_MS[Math.min(this.#failures, REOPEN_PAUSE_MS.length - 1)]);
      this.#failures += 1;
    }
  }

  /** Follows one stream until it ends, which only an error or `close` can bring about. */
  async #listen(): Promise<void> {
    const stream = this.#db.collection('webhooks').watch(WATCHED_FIELDS, { maxAwaitTimeMS: MAX_AWAIT_MS });
    this.#stream = stream;
    try {
      let begun = performance.now();
      let changes = 0;
      for (let opened = false; !this.#closing.signal.aborted; opened = true) {
        if (stream.bufferedCount() === 0) {
          begun = performance.now();
          changes = 0;
        }
        const change = await onMongo('following changes', () => stream.tryNext(), ROUND_DEADLINE_MS);
        // A dropped collection ends the stream without an error, and tryNext would then answer null for ever.
        if (stream.closed) throw new Error('the change stream was ended by the server');
        if (!opened) this.#announceGap();
        if (change !== null) this.#apply(change);
        changes += change === null ? 0 : 1;
        if (stream.bufferedCount() > 0 || changes >= CUT_BATCH) continue;
        this.#heardAt = begun;
        await this.#pause(ROUND_EVERY_MS);
      }
    } finally {
      await closed(stream);
    }
  }

  /** What was read before the stream began can have changed unheard. */
  #announceGap(): void {
    this.counters.opened += 1;
    this.#failures = 0;
    for (const listener of this.#listeners) listener.onGap();
  }

  #apply(document: Document): void {
    const change = toWebhookChange(document);
    this.counters.changes += 1;
    this.#readAfter = change.at ?? this.#readAfter;
    for (const listener of this.#listeners) listener.onChange(change);
  }

  /** Ends at once when the feed is closed. */
  async #pause(ms: number | undefined): Promise<void> {
    await pause(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}

/** Ends a stream as far as the server lets us; one that can't be told forgets the cursor by itself. */
async function closed(stream: ChangeStream<Document, Document>): Promise<void> {
  await onMongo('ending the change stream', () => stream.close(), CLOSE_DEADLINE_MS).catch(() => undefined);
}
