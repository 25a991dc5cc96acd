/**
 * The vocabulary in which a receiver's behaviour is scripted: what an endpoint does with one request.
 *
 * A number is short for an answer with that status and no body: `[500, 500, 200]` fails twice and then succeeds.
 * Everything that makes real endpoints sick has a word here, each at the place where it hurts: before the headers,
 * between headers and body, within the body, after it. Sickness below HTTP (no TLS, a bad certificate, nobody accepts)
 * belongs to the receiver as a whole: ReceiverOptions, silent-listener, unaccepting-listener.
 */
export type Step = (
  | Respond
  /** An answer with `location: to`; status 302 unless given. */
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  /** Reads the request and never goes on. */
  | { readonly kind: 'hang'; readonly when: 'before-headers' | 'after-headers' }
  /** The status line, then a header line every `everyMs`, without end. */
  | { readonly kind: 'drip-headers'; readonly everyMs: number }
  /** Status 200 and one byte of body every `everyMs`: `bytes` of them, or without end. */
  | { readonly kind: 'drip-body'; readonly everyMs: number; readonly bytes?: number; readonly status?: number }
  /** TCP reset: when the request's headers are there, when its body is there, or within our answer's body. */
  | { readonly kind: 'reset'; readonly when: 'before-body' | 'after-body' | 'within-answer' }
  /** Orderly end of the connection without an answer. */
  | { readonly kind: 'close' }
  /** A body of `bytes` zeros, sent as fast as the client reads. */
  | { readonly kind: 'huge-body'; readonly bytes: number; readonly status?: number }
  /** `content-encoding: gzip`, small on the wire, `inflatedBytes` when inflated. */
  | { readonly kind: 'gzip-bomb'; readonly inflatedBytes: number; readonly status?: number }
  /** Bytes written past the HTTP library, then the end of the connection or silence. See wire-answers. */
  | { readonly kind: 'raw'; readonly bytes: Buffer; readonly then: 'close' | 'hang' }
) & {
  /** Waits so long after the request is read before it does anything. */
  readonly delayMs?: number;
};

/** A well-formed answer. */
export interface Respond {
  readonly kind: 'respond';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /**
   * `announced`: with `connection: close`. `silent`: the answer promises keep-alive and the connection is closed all
   * the same, `closeAfterMs` (0) later: the next request on it meets a dead socket.
   */
  readonly close?: 'announced' | 'silent';
  readonly closeAfterMs?: number;
}

/** A step, or the status that it answers with. */
export type ScriptStep = Step | number;

/** The answer with `status`, `body` and nothing special, `delayMs` after the request. */
export function respond(status: number, options: Omit<Respond, 'kind' | 'status'> & { delayMs?: number } = {}): Step {
  return { kind: 'respond', status, ...options };
}

/** Spells a number out. */
export function toStep(step: ScriptStep): Step {
  return typeof step === 'number' ? { kind: 'respond', status: step } : step;
}
