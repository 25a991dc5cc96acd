import { errors, Pool, type Dispatcher } from 'undici';

/**
 * A pool of connections per origin, with a bound on all connections together.
 *
 * Per origin there is no bound here, on purpose: requests would wait for each other in the pool, and two companies with
 * the same receiver's host would share a cap. What bounds an origin are the caps of its webhooks (64 each at most).
 * Idle connections are closed after `keepAliveMs`; when there are more than `maxConnections`, those of origins that
 * have nothing under way are closed earlier, the longest unused first. A pool without connections is forgotten.
 */
export interface OriginPoolsOptions {
  readonly connect: NonNullable<Pool.Options['connect']>;
  readonly keepAliveMs: number;
  readonly maxConnections: number;
}

/** How many pools are looked at, for one request, to find one to close. */
const LOOKS = 64;

export class OriginPools {
  readonly #options: OriginPoolsOptions;
  /** The longest unused first, as far as they were used since half of the connections were open. */
  readonly #pools = new Map<string, Pool>();
  #connections = 0;
  #closing = 0;
  #destroyed = false;

  constructor(options: OriginPoolsOptions) {
    this.#options = options;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections;
  }

  get origins(): number {
    return this.#pools.size;
  }

  /** @throws ClientDestroyedError after `destroy` */
  dispatch(
    request: Dispatcher.DispatchOptions & { readonly origin: string },
    handler: Dispatcher.DispatchHandler,
  ): void {
    if (this.#destroyed) throw new errors.ClientDestroyedError('the pools are destroyed');
    const { origin } = request;
    let pool = this.#pools.get(origin);
    if (pool === undefined) this.#pools.set(origin, (pool = this.#open(origin)));
    else if (this.#isCrowded()) this.#moveLast(origin, pool);
    pool.dispatch(request, handler);
    if (this.#connections - this.#closing > this.#options.maxConnections) this.#closeUnused();
  }

  /** Whether the order of the pools may matter soon. */
  #isCrowded(): boolean {
    return this.#connections * 2 > this.#options.maxConnections;
  }

  #moveLast(origin: string, pool: Pool): void {
    this.#pools.delete(origin);
    this.#pools.set(origin, pool);
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #open(origin: string): Pool {
    const { connect, keepAliveMs } = this.#options;
    const pool = new Pool(origin, {
      connect,
      connections: null,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    pool.on('connect', () => (this.#connections += 1));
    pool.on('disconnect', () => {
      this.#connections -= 1;
      this.#forget(origin, pool);
    });
    pool.on('connectionError', () => this.#forget(origin, pool));
    return pool;
  }

  /** What waits in it still goes out. */
  #forget(origin: string, pool: Pool): void {
    if (this.#pools.get(origin) !== pool || pool.stats.connected > 0) return;
    this.#pools.delete(origin);
    void pool.close();
  }

  #closeUnused(): void {
    let looks = 0;
    for (const [origin, pool] of this.#pools) {
      if ((looks += 1) > LOOKS) return;
      if (isBusy(pool)) continue;
      const { connected } = pool.stats;
      this.#pools.delete(origin);
      this.#closing += connected;
      void pool.close().finally(() => (this.#closing -= connected));
      if (this.#connections - this.#closing <= this.#options.maxConnections) return;
    }
  }
}

function isBusy(pool: Pool): boolean {
  const { running, pending, queued } = pool.stats;
  return running + pending + queued > 0;
}
