import type { RecordedRequest } from '../../deploy/local/receiver/recorded-request.js';
import type { Post } from './history.js';

/**
 * The status that our side can have seen: of an answer that was given in full, or of one whose body is larger than we
 * read, where leaving early is what we do.
 */
export function answeredStatus({ step, completion }: RecordedRequest): number | undefined {
  switch (step.kind) {
    case 'respond':
      return completion === 'answered' ? step.status : undefined;
    case 'redirect':
      return completion === 'answered' ? (step.status ?? 302) : undefined;
    case 'huge-body':
    case 'gzip-bomb':
      return step.status ?? 200;
    case 'drip-body':
      return completion === 'answered' ? (step.status ?? 200) : undefined;
    case 'hang':
    case 'drip-headers':
    case 'reset':
    case 'close':
    case 'raw':
      return undefined;
  }
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
