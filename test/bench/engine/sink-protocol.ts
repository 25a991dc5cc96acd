/** What the sink and whoever measures tell each other. */
export interface SinkTask {
  /** PEM; undefined for plain HTTP. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  /** Each webhook has an origin of its own, as it would in the world. */
  readonly ports: number;
}

/** What the paths below /sick do. Those below /ok answer 204 at once, those below /flaky fail first attempts. */
export type SickMode =
  | { readonly kind: 'answer' }
  | { readonly kind: 'hang'; readonly ms: number }
  | { readonly kind: 'drip' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'error' };

export type SinkCommand =
  | { readonly kind: 'mode'; readonly mode: SickMode }
  /** Notes latencies and ids from now on, or no longer. What was noted before is forgotten. */
  | { readonly kind: 'note'; readonly on: boolean }
  | { readonly kind: 'count' }
  | { readonly kind: 'read' };

export interface SinkCount {
  readonly ok: number;
  readonly sick: number;
  readonly atMs: number;
  readonly cpuMs: number;
  /** Longest time without a request on /ok since `note`, in ms, the time since the last one included. */
  readonly longestGapMs: number;
}

/** Noted of each request: parallel arrays. */
export interface SinkNotes {
  /** From the event's production to its arrival here, in ms, by path. */
  readonly ok: readonly number[];
  readonly sick: readonly number[];
  /** Of the second attempts on /flaky: from the answer to the first, in ms. */
  readonly retried: readonly number[];
  /** Different events answered with 2xx, on any path. */
  readonly events: number;
  /** When the last event arrived that hadn't arrived before, epoch ms. */
  readonly lastNewAtMs: number;
  /** By job id where that is known: arrival, epoch µs. */
  readonly arrivals: readonly (readonly [eventId: string, atUs: number])[];
}
