import type { Completion, RecordedRequest } from './recorded-request.js';

/** A recorded request as one line of JSON: what another process needs to verify deliveries. */
export interface LogLine {
  /** Place in the log, from 0. */
  readonly index: number;
  readonly endpoint: string | null;
  /** Epoch ms. */
  readonly arrivedAt: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The raw bytes, base64. */
  readonly body: string;
  /** The status that the script answers with; null for a step that isn't an answer. */
  readonly status: number | null;
  readonly completion: Completion;
}

export function toLogLine(request: RecordedRequest, index: number): LogLine {
  const { step } = request;
  return {
    index,
    endpoint: request.endpoint ?? null,
    arrivedAt: request.arrivedAt,
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: request.body.toString('base64'),
    status: 'status' in step ? (step.status ?? null) : null,
    completion: request.completion,
  };
}
