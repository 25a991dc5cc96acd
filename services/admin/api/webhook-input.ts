import { checkUrl, URL_MAX_LENGTH } from '../../shared/core/url-policy.js';
import { EVENT_TYPES, type EventType } from '../../shared/core/vocabulary.js';
import type { FieldFault } from '../contract/problem.js';
import type { EndpointInput, SavedEndpoint } from './endpoint-input.js';
import { FaultList } from './fault-list.js';
import { readAuthentication, readHeaders, refuseRepeatedHeaders } from './webhook-secrets-input.js';

/**
 * Reads what an Owner registers from a body that may be anything: the endpoint, or *all* field faults at once, each in
 * a sentence that a console shows as it is.
 *
 * "URL: `https://` only, no credentials in it. Authentication: None, Basic, or API key in a header or the query.
 * Additional headers: 0 to 10 rows, duplicate keys (case-insensitive) are an error, names that belong to HTTP or to us
 * are refused. Events: at least one." A secret that an edit leaves out is that of the saved webhook, unless the URL's
 * origin changed: "a kept secret is not sent to a changed origin, it must be typed again".
 *
 * What passes here is accepted by compileEndpoint and by the database's validator. It asks no network: what the host
 * resolves to is checked by the caller, and at every connect.
 */
export interface WebhookReading {
  /** Undefined when there are faults. */
  readonly endpoint: EndpointInput | undefined;
  readonly faults: readonly FieldFault[];
  /** Of the URL, where that is right by its text; a host to be looked up. */
  readonly hostname: string | undefined;
}

export function readWebhookInput(body: unknown, saved?: SavedEndpoint): WebhookReading {
  const list = new FaultList();
  const fields = list.object(body, '', ['url', 'authentication', 'headers', 'events']);
  if (fields === undefined) return { endpoint: undefined, faults: list.faults, hostname: undefined };
  const url = readUrl(fields['url'], list);
  const kept = saved && { ...saved, originChanged: url !== undefined && url.origin !== new URL(saved.url).origin };
  const authentication = readAuthentication(fields['authentication'], kept, list);
  const headers = readHeaders(fields['headers'], kept, list);
  refuseRepeatedHeaders(fields['headers'], fields['authentication'], list);
  const events = readEvents(fields['events'], list);
  const complete =
    list.faults.length === 0 &&
    url !== undefined &&
    authentication !== undefined &&
    headers !== undefined &&
    events !== undefined;
  return {
    endpoint: complete ? { url: url.text, authentication, headers, events } : undefined,
    faults: list.faults,
    hostname: url?.hostname,
  };
}

/** What only the network can tell of a host. */
export const REFUSED_HOST: FieldFault = {
  pointer: '/url',
  code: 'blocked-address',
  message: 'This host is, or resolves to, an address that webhooks may not reach: private, loopback or reserved.',
};

interface UrlInput {
  readonly text: string;
  readonly origin: string;
  readonly hostname: string;
}

/** Kept as it was typed where nothing in it is read in two ways; otherwise as a browser would write it. */
function readUrl(value: unknown, list: FaultList): UrlInput | undefined {
  if (value === undefined || value === '') return list.add('/url', 'required', 'Enter the URL of the endpoint.');
  if (typeof value !== 'string') return list.add('/url', 'type', 'This must be text.');
  const verdict = checkUrl(value);
  if (!verdict.ok) return list.add('/url', 'url', verdict.fault);
  const { url } = verdict;
  const text = /^https:\/\/[\x21-\x5b\x5d-\x7e]+$/.test(value) ? value.replace(/#.*$/, '') : url.href;
  if (text.length > URL_MAX_LENGTH)
    return list.add('/url', 'url', `The URL is longer than ${URL_MAX_LENGTH} characters.`);
  return { text, origin: url.origin, hostname: url.hostname };
}

function readEvents(value: unknown, list: FaultList): readonly EventType[] | undefined {
  const entries = list.array(value, '/events');
  if (entries === undefined) return undefined;
  if (entries.length === 0) return list.add('/events', 'minItems', 'Select at least one event.');
  if (entries.length > EVENT_TYPES.length)
    return list.add('/events', 'maxItems', `This must have at most ${EVENT_TYPES.length} entries.`);
  const events = new Set<EventType>();
  entries.forEach((entry, index) => {
    const event = EVENT_TYPES.find((type) => type === entry);
    if (event === undefined) list.add(`/events/${index}`, 'enum', 'This event is not known.');
    else if (events.has(event)) list.add(`/events/${index}`, 'uniqueItems', 'This event is selected twice.');
    else events.add(event);
  });
  return EVENT_TYPES.filter((type) => events.has(type));
}
