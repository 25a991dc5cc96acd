import type { Authentication } from '../../../services/shared/core/webhook.js';
import type { LogLine } from '../receiver/log-line.js';
import type { SimulatedEvent } from '../simulator/simulated-event.js';
import { pathOf, type DemoWebhook } from './demo-webhooks.js';

/**
 * Holds one received request against what PRODUCT.md promises for this event and webhook, header by header and byte by
 * byte. Written from the promise, without the code that builds requests: an error there must not hide itself here.
 */
/** The time-out of an attempt: a request is stamped before it waits for a connection. */
const TIMESTAMP_TOLERANCE_S = 10;

/** What is wrong with the request, one short sentence each; empty when nothing is. */
export function requestFaults(line: LogLine, webhook: DemoWebhook, event: SimulatedEvent): readonly string[] {
  const faults: string[] = [];
  const expect = (what: string, found: unknown, expected: unknown): void => {
    if (found !== expected) faults.push(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  };
  const { headers } = line;
  expect('the method', line.method, 'POST');
  expect('the URL', line.url, pathOf(webhook) + expectedQuery(webhook));
  expect('content-type', headers['content-type'], 'application/json');
  expect('authorization', headers['authorization'], expectedAuthorization(webhook.authentication));
  for (const [name, value] of expectedHeaders(webhook)) expect(name, headers[name], value);
  if (!/^webhook-v2\/\d/.test(String(headers['user-agent']))) faults.push('user-agent lacks name and version');
  if (!/^[^.\s]+$/.test(String(headers['webhook-id']))) faults.push('webhook-id is no id');
  const lateS = line.arrivedAt / 1_000 - Number(headers['webhook-timestamp']);
  if (!(Math.abs(lateS) <= TIMESTAMP_TOLERANCE_S)) faults.push('webhook-timestamp is not the time of this attempt');
  expect('the body', Buffer.from(line.body, 'base64').toString(), expectedBody(event));
  return faults;
}

/** The JSON that a receiver gets: `event_sequence` is absent where the event has none. */
function expectedBody(event: SimulatedEvent): string {
  const sequence = event.eventSequence === null ? {} : { event_sequence: event.eventSequence };
  return JSON.stringify({
    event_id: event.eventId,
    event_type: event.eventType,
    company_id: event.companyId,
    occurred_at: event.occurredAt,
    ...sequence,
    data: event.data,
  });
}

function expectedQuery({ query, authentication }: DemoWebhook): string {
  if (authentication.kind !== 'api-key' || authentication.placement !== 'query') return query;
  const encode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');
  return `${query === '' ? '?' : `${query}&`}${encode(authentication.name)}=${encode(authentication.value)}`;
}

function expectedAuthorization(authentication: Authentication): string | undefined {
  if (authentication.kind === 'basic') {
    const { username, password } = authentication;
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  const key = authentication.kind === 'api-key' && authentication.placement === 'header' ? authentication : undefined;
  return key?.name.toLowerCase() === 'authorization' ? key.value : undefined;
}

/** The API key, where it is a header, and the additional headers; names in lower case. */
function expectedHeaders({ authentication, headers }: DemoWebhook): readonly (readonly [string, string])[] {
  const key = authentication.kind === 'api-key' && authentication.placement === 'header' ? [authentication] : [];
  return [...key, ...headers].map(({ name, value }) => [name.toLowerCase(), value] as const);
}
