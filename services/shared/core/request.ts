import { ADDITIONAL_HEADERS_MAX, headerFault } from './header-policy.js';
import type { Job } from './job.js';
import { checkUrl } from './url-policy.js';
import type { Authentication, Header, Webhook } from './webhook.js';

/**
 * Builds the whole HTTP request of an attempt as data, before any socket opens.
 *
 * "One POST per event and webhook, `content-type: application/json`, over HTTPS. Headers of ours: `webhook-id`,
 * `webhook-timestamp` (Unix seconds of this attempt), `webhook-attempt`, `user-agent`." What doesn't change between
 * the attempts of a webhook is compiled once (`compileEndpoint`); what the webhook may not send is refused here too,
 * whatever is stored. It never opens, resolves or logs anything.
 */
export interface HttpRequest {
  readonly method: 'POST';
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Path and query, with the API key where it belongs. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The unchanging part of a webhook's requests, or why it can't have any. */
export type Endpoint =
  | {
      readonly kind: 'endpoint';
      readonly origin: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Lower-case names of headers whose values are secrets. */
      readonly secretHeaders: readonly string[];
    }
  | { readonly kind: 'refused'; readonly fault: string };

/** Compiles what all requests of a webhook share. `userAgent` has name and version. */
export function compileEndpoint(webhook: Webhook, userAgent: string): Endpoint {
  const verdict = checkUrl(webhook.url);
  if (!verdict.ok) return { kind: 'refused', fault: verdict.fault };
  const { url } = verdict;
  if (webhook.headers.length > ADDITIONAL_HEADERS_MAX)
    return { kind: 'refused', fault: `it has more than ${ADDITIONAL_HEADERS_MAX} additional headers` };
  const authentication = authenticationHeaders(webhook.authentication);
  const custom = [...authentication, ...webhook.headers];
  const fault = customHeadersFault(custom);
  if (fault !== undefined) return { kind: 'refused', fault };
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': userAgent,
    'accept-encoding': 'identity',
  };
  for (const { name, value } of custom) headers[name.toLowerCase()] = value;
  return {
    kind: 'endpoint',
    origin: url.origin,
    path: url.pathname + withApiKey(url.search, webhook.authentication),
    headers,
    secretHeaders: custom.map(({ name }) => name.toLowerCase()),
  };
}

/** The request of one attempt. `now` is the epoch ms at which it is made. */
export function buildRequest(
  job: Pick<Job, 'jobId' | 'attempt' | 'body'>,
  endpoint: Extract<Endpoint, { kind: 'endpoint' }>,
  now: number,
): HttpRequest {
  return {
    method: 'POST',
    origin: endpoint.origin,
    path: endpoint.path,
    // Ours first: added behind the copied ones they would cost 5 µs. No webhook can have headers of these names.
    headers: {
      'webhook-id': job.jobId,
      'webhook-timestamp': String(Math.floor(now / 1000)),
      'webhook-attempt': String(job.attempt),
      ...endpoint.headers,
    },
    body: job.body,
  };
}

function authenticationHeaders(authentication: Authentication): readonly Header[] {
  switch (authentication.kind) {
    case 'none':
      return [];
    case 'basic': {
      const credentials = Buffer.from(`${authentication.username}:${authentication.password}`).toString('base64');
      return [{ name: 'authorization', value: `Basic ${credentials}` }];
    }
    case 'api-key':
      return authentication.placement === 'header' ? [{ name: authentication.name, value: authentication.value }] : [];
  }
}

function withApiKey(search: string, authentication: Authentication): string {
  if (authentication.kind !== 'api-key' || authentication.placement !== 'query') return search;
  const pair = new URLSearchParams([[authentication.name, authentication.value]]).toString();
  return search === '' ? `?${pair}` : `${search}&${pair}`;
}

function customHeadersFault(headers: readonly Header[]): string | undefined {
  const seen = new Set<string>();
  for (const { name, value } of headers) {
    const fault = headerFault(name, value);
    if (fault !== undefined) return `the header ${JSON.stringify(name.slice(0, 64))} ${fault}`;
    const lower = name.toLowerCase();
    if (seen.has(lower)) return `the header ${JSON.stringify(name)} is set twice`;
    seen.add(lower);
  }
  return undefined;
}
