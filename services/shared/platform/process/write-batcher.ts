/** What became of one item of a batch. */
export type Settled<R> =
  { readonly kind: 'done'; readonly result: R } | { readonly kind: 'failed'; readonly error: unknown };

export interface WriteBatcherOptions<T, R> {
  /** Writes a batch and tells of each item, in the same order, what became of it; a throw fails all of them. */
  readonly write: (items: readonly T[]) => Promise<readonly Settled<R>[]>;
  /** Longest time that an item waits for company before its batch begins. */
  readonly maxDelayMs: number;
  readonly maxItems: number;
  /** Bytes of one batch; an item that is larger goes alone. */
  readonly maxBytes: number;
  readonly bytesOf: (item: T) => number;
  /** While none is under way, a batch waits for nobody but what else comes in this turn of the event loop. */
  readonly atOnceWhenIdle?: boolean;
  /** Batches under way at once. With 1, what concerns the same document is never written twice at a time. */
  readonly maxUnderWay: number;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers single writes into batches, with an outcome for each item: one document that is refused doesn't fail its
 * neighbours. Each caller waits for the batch that carried its item, so "acknowledged" means the same as for a write
 * of its own. A slow server makes batches larger, not more numerous. The queue holds nothing but what callers wait
 * for, so it is as bounded as they are.
 */
export class WriteBatcher<T, R> {
  readonly #options: WriteBatcherOptions<T, R>;
  readonly #queue: Waiting<T, R>[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #due = false;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: WriteBatcherOptions<T, R>) {
    this.#options = options;
  }

  /** Resolves with the item's result when its batch was acknowledged; rejects with the item's error. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      this.#queuedBytes += this.#options.bytesOf(item);
      // Also where the queue is full: what the batches that begin now leave behind must go, too.
      if (this.#options.atOnceWhenIdle !== true) this.#waitForCompany();
      else if (this.#queue.length === 1) setImmediate(() => this.#afterTurn());
      this.#startBatches();
    });
  }

  /** Writes what is queued and waits until every batch was answered. Nothing may be added after it. */
  async close(): Promise<void> {
    while (this.#queue.length > 0 || this.#underWay.size > 0) {
      this.#onTimer();
      await Promise.all(this.#underWay);
    }
  }

  #onTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = true;
    this.#startBatches();
  }

  #waitForCompany(): void {
    this.#timer ??= setTimeout(() => this.#onTimer(), this.#options.maxDelayMs);
  }

  #afterTurn(): void {
    if (this.#queue.length === 0) return;
    if (this.#underWay.size === 0) this.#onTimer();
    else this.#waitForCompany();
  }

  #startBatches(): void {
    while (this.#queue.length > 0 && this.#underWay.size < this.#options.maxUnderWay && this.#isReady()) {
      const batch = this.#take();
      const writing = this.#write(batch).finally(() => {
        this.#underWay.delete(writing);
        if (this.#options.atOnceWhenIdle === true) this.#afterTurn();
        this.#startBatches();
      });
      this.#underWay.add(writing);
    }
    if (this.#queue.length === 0) this.#due = false;
  }

  #isReady(): boolean {
    const { maxItems, maxBytes } = this.#options;
    return this.#due || this.#queue.length >= maxItems || this.#queuedBytes >= maxBytes;
  }

  #take(): Waiting<T, R>[] {
    const { maxItems, maxBytes, bytesOf } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const { item } of this.#queue) {
      const next = bytes + bytesOf(item);
      if (count === maxItems || (count > 0 && next > maxBytes)) break;
      count += 1;
      bytes = next;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #write(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const settled = await this.#options.write(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = settled[index];
        if (outcome?.kind === 'done') resolve(outcome.result);
        else reject(outcome?.error ?? new RangeError('the batch told nothing of this item'));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
