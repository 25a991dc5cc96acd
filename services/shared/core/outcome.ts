import type { StatusClass } from './failure-log.js';

/**
 * What an endpoint did with an attempt, in the words that the failure log shows.
 *
 * "Success is a 2xx within the time-out. A redirect is a failure, never followed." An outcome is a value, never an
 * exception: nothing that an endpoint does can break the loop. What is broken on our side (no sockets left, shutdown)
 * is `unmade`: it counts against nobody, and the same attempt is made again.
 */
export type Outcome =
  | { readonly kind: 'delivered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly cause: Cause; readonly answer: Answer | null; readonly durationMs: number }
  | { readonly kind: 'unmade'; readonly detail: string };

/** An HTTP answer, as far as we read it. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; repeated ones joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** At most `responseBodyBytes`, as UTF-8 text. */
  readonly body: string;
  readonly bodyTruncated: boolean;
  readonly durationMs: number;
}

/** Why no answer came. `own` means that the fault is ours. */
export type SendFailureKind =
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'tls'
  | 'connect-timeout'
  | 'timeout'
  | 'protocol'
  | 'blocked-address'
  | 'invalid-request'
  | 'own';

/** What the sender reports: an answer or the reason why there was none. */
export type SendResult =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'no-answer';
      readonly failure: SendFailureKind;
      /** Technical detail without secrets: an error code, a certificate reason. */
      readonly detail: string;
      readonly durationMs: number;
    };

export type CauseKind =
  Exclude<SendFailureKind, 'own'> | 'redirect' | 'client-error' | 'server-error' | 'informational';

/** The cause of a failed attempt: a kind to filter by, and a sentence to read. */
export interface Cause {
  readonly kind: CauseKind;
  readonly text: string;
}

/** Translates what the sender reports into an outcome; the one table of what counts as success. */
export function classify(result: SendResult): Outcome {
  if (result.kind === 'answer') {
    const { answer } = result;
    if (answer.status >= 200 && answer.status <= 299) return { kind: 'delivered', answer };
    return { kind: 'failed', cause: causeOfStatus(answer.status), answer, durationMs: answer.durationMs };
  }
  const { failure, detail, durationMs } = result;
  if (failure === 'own') return { kind: 'unmade', detail };
  return { kind: 'failed', cause: { kind: failure, text: WORDS[failure](detail) }, answer: null, durationMs };
}

/** `2xx` for 204, `none` where no answer came. */
export function statusClassOf(answer: Answer | null): StatusClass {
  if (answer === null) return 'none';
  const digit = Math.floor(answer.status / 100);
  switch (digit) {
    case 1:
      return '1xx';
    case 2:
      return '2xx';
    case 3:
      return '3xx';
    case 4:
      return '4xx';
    default:
      return '5xx';
  }
}

function causeOfStatus(status: number): Cause {
  if (status < 200)
    return { kind: 'informational', text: `The endpoint answered ${status}, which is not a final answer.` };
  if (status < 400)
    return { kind: 'redirect', text: `The endpoint answered with a redirect (${status}). Redirects are not followed.` };
  if (status === 410)
    return {
      kind: 'client-error',
      text: 'The endpoint answered 410 Gone: it wants no more, and the webhook was disabled.',
    };
  if (status < 500) return { kind: 'client-error', text: `The endpoint refused the request with status ${status}.` };
  return { kind: 'server-error', text: `The endpoint failed with status ${status}.` };
}

const WORDS: Readonly<Record<Exclude<SendFailureKind, 'own'>, (detail: string) => string>> = {
  dns: (detail) => `The host name could not be resolved (${detail}).`,
  refused: () => 'The connection was refused: nothing listens at that address and port.',
  unreachable: (detail) => `The host could not be reached (${detail}).`,
  reset: () => 'The endpoint closed the connection before it answered.',
  tls: (detail) => `A secure connection could not be made (${detail}).`,
  'connect-timeout': () => 'The connection could not be opened in time.',
  timeout: () => 'The endpoint did not answer in time.',
  protocol: (detail) => `The endpoint's answer was not valid HTTP (${detail}).`,
  'blocked-address': () =>
    'The host resolves to an address that webhooks may not reach (private, loopback, link-local or reserved).',
  'invalid-request': (detail) =>
    `The request was not sent because of the webhook's own settings: ${detail.replace(/\.$/, '')}.`,
};
