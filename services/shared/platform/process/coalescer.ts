/**
 * Gathers single writes into batches with a bounded delay.
 *
 * Each caller waits for the batch that carried its item, so "acknowledged" means the same as for a write of its own.
 * One batch is under way at a time; what arrives meanwhile forms the next one, so a slow server makes batches larger,
 * not more numerous.
 */
export interface CoalescerOptions {
  /** Most items of one batch. */
  readonly maxItems: number;
  /** Longest wait of an item before its batch begins, when none is under way. */
  readonly maxDelayMs: number;
}

interface Pending<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Coalescer<T> {
  readonly #write: (items: readonly T[]) => Promise<void>;
  readonly #options: CoalescerOptions;
  #pending: Pending<T>[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing = false;

  constructor(write: (items: readonly T[]) => Promise<void>, options: CoalescerOptions) {
    this.#write = write;
    this.#options = options;
  }

  /** Resolves when the item's batch was acknowledged; rejects with the error of that batch. */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      if (this.#pending.length >= this.#options.maxItems) void this.#flush();
      else this.#timer ??= setTimeout(() => this.#onTimer(), this.#options.maxDelayMs);
    });
  }

  #onTimer(): void {
    this.#timer = null;
    void this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, this.#options.maxItems);
      try {
        await this.#write(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }
}
