/** What the load generator is told, and what it tells. */
export interface LoadTask {
  readonly url: string;
  readonly clients: readonly LoadClient[];
  /** What comes before the measured time: so long at least, and so many requests. */
  readonly warmUp: { readonly ms: number; readonly requests: number };
  readonly measuredMs: number;
  /** From an answer to the next request of the same client; 0: none, the clients ask as fast as they are answered. */
  readonly thinkMs: number;
}

/** A client: a connection of its own, with a session or token of its own. */
export interface LoadClient {
  readonly headers: Readonly<Record<string, string>>;
  readonly steps: readonly LoadStep[];
  /** Whether it goes through its steps again and again; else it must not come to their end within its time. */
  readonly repeats: boolean;
}

export interface LoadStep {
  /** What it counts as. */
  readonly label: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Besides those of the client. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Status of every right answer; any other ends the run. */
  readonly expect: number;
}

export interface LoadResult {
  readonly durationMs: number;
  readonly bytes: number;
  readonly cpuMs: number;
  readonly labels: Readonly<Record<string, Latencies>>;
}

/** Times from sending a request to the last byte of its answer, in ms. */
export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
