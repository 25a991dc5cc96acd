import type { RecordedRequest } from '../../deploy/local/receiver/recorded-request.js';
import type { Post } from './history.js';

/**
 * The status that our side can have seen. "The status is the verdict": an answer whose body breaks off, drips or is
 * larger than we read is still that answer.
 */
export function answeredStatus(request: RecordedRequest): number | undefined {
  const { step, completion } = request;
  if (cameTooLate(request)) return undefined;
  switch (step.kind) {
    case 'respond':
      return completion === 'answered' ? step.status : undefined;
    case 'redirect':
      return completion === 'answered' ? (step.status ?? 302) : undefined;
    case 'huge-body':
    case 'gzip-bomb':
      return step.status ?? 200;
    case 'drip-body':
      return step.status ?? 200;
    case 'hang':
      return step.when === 'after-headers' ? 200 : undefined;
    case 'reset':
      return step.when === 'within-answer' ? 200 : undefined;
    case 'raw':
      return statusIn(step.bytes);
    case 'drip-headers':
    case 'close':
      return undefined;
  }
}

/** Its connection had been closed as idle, maybe by another endpoint of its host: no answer can have arrived. */
function cameTooLate({ arrivedAt, completedAt, completion }: RecordedRequest): boolean {
  return completion === 'cut' && completedAt !== undefined && completedAt <= arrivedAt;
}

/** More headers than this are no answer to our side. */
const HEADER_BYTES = 16 * 1024;

function statusIn(bytes: Buffer): number | undefined {
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(bytes.toString('latin1', 0, 20)) ?? [];
  return status === undefined || bytes.length > HEADER_BYTES ? undefined : Number(status);
}

/** The requests that are attempts, as the judge wants them. `webhookOf` and `eventOf` tell what a cut body doesn't. */
export function toPosts(
  requests: readonly RecordedRequest[],
  webhookOf: ReadonlyMap<string, string>,
  eventOf: ReadonlyMap<string, string>,
): Post[] {
  return requests.map((request) => {
    const { endpoint, headers, arrivedAt, completedAt, step } = request;
    const jobId = String(headers['webhook-id']);
    return {
      webhookId: webhookOf.get(endpoint ?? '') ?? `unknown endpoint ${endpoint}`,
      jobId,
      eventId: eventIdIn(request.body) ?? eventOf.get(jobId) ?? 'unknown',
      attempt: Number(headers['webhook-attempt']),
      arrivedAt,
      completedAt,
      status: answeredStatus(request),
      answeredAfterMs: step.kind === 'respond' ? (step.delayMs ?? 0) : 0,
      asksToWait:
        step.kind === 'respond' && [429, 503].includes(step.status) && step.headers?.['retry-after'] !== undefined,
    };
  });
}

function eventIdIn(body: Buffer): string | undefined {
  try {
    return (JSON.parse(body.toString()) as { event_id?: string }).event_id;
  } catch {
    return undefined;
  }
}
