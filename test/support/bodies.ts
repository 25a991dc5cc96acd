import type { RecordedRequest } from '../../deploy/local/receiver/recorded-request.js';

interface Body {
  readonly event_id: string;
  readonly company_id: string;
}

export function bodyOf(request: RecordedRequest): Body {
  return JSON.parse(request.body.toString()) as Body;
}

export function eventIdOf(request: RecordedRequest): string {
  return bodyOf(request).event_id;
}

/** How often each event was received. */
export function countById(requests: readonly RecordedRequest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const request of requests) counts.set(eventIdOf(request), (counts.get(eventIdOf(request)) ?? 0) + 1);
  return counts;
}
