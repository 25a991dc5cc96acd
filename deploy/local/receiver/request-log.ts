import type { RecordedRequest } from './recorded-request.js';

/**
 * The requests that one or several receivers recorded, in the order in which their bodies were complete, and the
 * waiting for facts about them.
 *
 * `waitFor` looks at the facts when something happened (a request, its completion, a connection opened or closed) and
 * at no other time: no polling, no sleep. Everything that happens within one turn of the event loop causes one look,
 * so that a predicate costs little at 2,000 requests a second.
 */
export class RequestLog {
  readonly #requests: RecordedRequest[] = [];
  readonly #waiting = new Set<() => void>();
  #lookScheduled = false;
  #released = 0;

  /** All requests recorded so far and not released; grows while it's being read. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  add(request: RecordedRequest): void {
    this.#requests.push(request);
    this.changed();
  }

  /** Tells those who wait that something happened. */
  changed(): void {
    if (this.#waiting.size === 0 || this.#lookScheduled) return;
    this.#lookScheduled = true;
    setImmediate(() => {
      this.#lookScheduled = false;
      for (const look of [...this.#waiting]) look();
    });
  }

  /** The requests from the `index`-th on, counted from 0 over everything that was ever recorded. */
  since(index: number): readonly RecordedRequest[] {
    return this.#requests.slice(Math.max(0, index - this.#released));
  }

  /** Forgets the requests before the `index`-th, for runs too long to be kept in memory. */
  release(index: number): void {
    const count = Math.min(Math.max(0, index - this.#released), this.#requests.length);
    this.#requests.splice(0, count);
    this.#released += count;
  }

  /**
   * Resolves with the requests as soon as `predicate` holds, at once if it does already.
   * Rejects with an error that tells what was recorded after `timeoutMs`, or with what the predicate throws.
   */
  waitFor(
    predicate: (requests: readonly RecordedRequest[]) => boolean,
    timeoutMs: number,
  ): Promise<readonly RecordedRequest[]> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        act();
      };
      const look = (): void => {
        try {
          if (predicate(this.#requests)) settle(() => resolve(this.#requests));
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      };
      const timer = setTimeout(() => {
        settle(() => reject(new Error(`waited ${timeoutMs} ms in vain; ${summary(this.#requests)}`)));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }
}

function summary(requests: readonly RecordedRequest[]): string {
  const counts = new Map<string, number>();
  for (const { endpoint, completion } of requests) {
    const key = `${endpoint ?? 'no endpoint'} ${completion}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const parts = [...counts].map(([key, count]) => `${key} ${count}`);
  return `requests recorded: ${requests.length}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}
