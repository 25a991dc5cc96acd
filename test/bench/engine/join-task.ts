export interface JoinTask {
  readonly uri: string;
  readonly database: string;
  /** `co_0` and so on, each with ten webhooks. */
  readonly companies: number;
  readonly events: number;
}

/** Per event, in µs. */
export interface JoinResult {
  /** With a company that is read from MongoDB for the first time. */
  readonly coldUs: number;
  readonly warmUs: number;
  /** The same for events of 100 companies: as much is registered, but the processor's caches hold what is looked at. */
  readonly fewUs: number;
  /** The limit: a company looked up in the cache's library, which holds a number for each; no age, no webhooks, no match. */
  readonly lookupUs: number;
  readonly rssMiB: number;
}

/** The company of an event: all of them in turns, but not in the order in which they lie in memory, so that no part stays warm. */
export function spreadOver(companies: number, index: number): number {
  return (index * 7_919) % companies;
}
