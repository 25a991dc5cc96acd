import { describe, expect, test } from '@jest/globals';
import { buildRequest, compileEndpoint, type Endpoint, type HttpRequest } from '../../services/shared/core/request.js';
import type { Authentication, Header, Webhook } from '../../services/shared/core/webhook.js';
import { jobOf, NOW, webhookOf } from '../support/samples.js';

/**
 * Chapter 2: the request of an attempt.
 *
 * "One POST per event and webhook, `content-type: application/json`, over HTTPS. Headers of ours: `webhook-id` (one per
 * event and webhook, the same on every attempt), `webhook-timestamp` (Unix seconds of this attempt), `webhook-attempt`
 * (1, 2, 3), `user-agent` with name and version." "Authentication: None, Basic, or API key (in a header or in the
 * query)." "Additional headers: 0 to 10 rows; key required, value optional; duplicate keys (case-insensitive) are an
 * inline error. Names that belong to HTTP or to us are refused, and so are control characters." "`https://` only. No
 * credentials in the URL." What may not be sent is refused when a request is built, too, whatever is stored.
 */
const USER_AGENT = 'webhook-v2/0.1.0';

function endpointOf(webhook: Partial<Webhook>): Extract<Endpoint, { kind: 'endpoint' }> {
  const endpoint = compileEndpoint(webhookOf(webhook), USER_AGENT);
  if (endpoint.kind === 'refused') throw new Error(endpoint.fault);
  return endpoint;
}

function requestOf(webhook: Partial<Webhook>, job = jobOf(), now = NOW): HttpRequest {
  return buildRequest(job, endpointOf(webhook), now);
}

function faultOf(webhook: Partial<Webhook>): string {
  const endpoint = compileEndpoint(webhookOf(webhook), USER_AGENT);
  return endpoint.kind === 'refused' ? endpoint.fault : 'accepted';
}

const header = (name: string, value = 'v'): Header => ({ name, value });

describe('one POST with the body byte for byte and the headers of ours', () => {
  test('method, origin, path, body', () => {
    const job = jobOf({ body: Buffer.from('{"name":"Zoë 🎧"}') });
    const request = requestOf({ url: 'https://hooks.example:8443/a/b?x=1' }, job);
    expect(request).toMatchObject({ method: 'POST', origin: 'https://hooks.example:8443', path: '/a/b?x=1' });
    expect(request.body).toBe(job.body);
  });

  test('headers', () => {
    expect(requestOf({}, jobOf({ attempt: 2 }), 1_700_000_000_999).headers).toEqual({
      'content-type': 'application/json',
      'user-agent': USER_AGENT,
      'accept-encoding': 'identity',
      'webhook-id': jobOf().jobId,
      'webhook-timestamp': '1700000000',
      'webhook-attempt': '2',
    });
  });

  test('all attempts carry one webhook-id, each its own number and time', () => {
    const attempts = [1, 2, 3].map((attempt) => requestOf({}, jobOf({ attempt }), NOW + attempt * 3_000).headers);
    expect(new Set(attempts.map((headers) => headers['webhook-id'])).size).toBe(1);
    expect(attempts.map((headers) => headers['webhook-attempt'])).toEqual(['1', '2', '3']);
    expect(new Set(attempts.map((headers) => headers['webhook-timestamp'])).size).toBe(3);
  });

  test('the fragment of the URL stays here', () => {
    expect(requestOf({ url: 'https://hooks.example/in?x=1#part' }).path).toBe('/in?x=1');
  });
});

describe('authentication', () => {
  const key = (placement: 'header' | 'query', name: string, value: string): Authentication => ({
    kind: 'api-key',
    placement,
    name,
    value,
  });

  test('None adds nothing', () => {
    expect(requestOf({ authentication: { kind: 'none' } }).headers).not.toHaveProperty('authorization');
  });

  test.each([
    ['joe', 'secret', 'Basic am9lOnNlY3JldA=='],
    ['joe', 'with:colon', `Basic ${Buffer.from('joe:with:colon').toString('base64')}`],
    ['Zoë', 'pässwörd', `Basic ${Buffer.from('Zoë:pässwörd', 'utf8').toString('base64')}`],
    ['joe', '', 'Basic am9lOg=='],
  ])('Basic sends user name %s and password %s', (username, password, authorization) => {
    const request = requestOf({ authentication: { kind: 'basic', username, password } });
    expect(request.headers['authorization']).toBe(authorization);
  });

  test('an API key in a header is that header', () => {
    expect(requestOf({ authentication: key('header', 'X-Api-Key', 'k1') }).headers).toHaveProperty('x-api-key', 'k1');
  });

  test.each([
    ['https://hooks.example/in', 'apikey', 'k1', '/in?apikey=k1'],
    ['https://hooks.example/in?x=1', 'apikey', 'k1', '/in?x=1&apikey=k1'],
    ['https://hooks.example/in?x=a%20b', 'apikey', 'k1', '/in?x=a%20b&apikey=k1'],
    ['https://hooks.example', 'key', 'a b&c=d#e', '/?key=a+b%26c%3Dd%23e'],
    ['https://hooks.example/in?', 'key', 'é', '/in?key=%C3%A9'],
    ['https://hooks.example/in', 'k&y', '', '/in?k%26y='],
  ])('an API key in the query joins %s and leaves what is there', (url, name, value, path) => {
    const request = requestOf({ url, authentication: key('query', name, value) });
    expect(request.path).toBe(path);
    expect(Object.values(request.headers)).not.toContain(value);
  });

  test.each<[string, Authentication, readonly string[]]>([
    ['None', { kind: 'none' }, ['x-tenant']],
    ['Basic', { kind: 'basic', username: 'u', password: 'p' }, ['authorization', 'x-tenant']],
    ['an API key', key('header', 'X-Key', 'k'), ['x-key', 'x-tenant']],
  ])('with %s, the headers whose values are secrets are known by name', (_kind, authentication, secretHeaders) => {
    const endpoint = endpointOf({ authentication, headers: [header('X-Tenant')] });
    expect(endpoint.secretHeaders).toEqual(secretHeaders);
  });

  test.each<[string, Authentication]>([
    ['a reserved name', key('header', 'webhook-id', 'k')],
    ['a name that is no token', key('header', 'x key', 'k')],
    ['a line break in its value', key('header', 'x-key', 'k\r\nx-evil: 1')],
  ])('an API key with %s is refused', (_fault, authentication) => {
    expect(faultOf({ authentication })).toMatch(/^the header /);
  });
});

describe('additional headers', () => {
  test('up to 10 are sent, names in lower case, values as they are, also empty', () => {
    const headers = [
      header('X-One', 'a b'),
      header('x-empty', ''),
      ...Array.from({ length: 8 }, (_, n) => header(`x-${n}`)),
    ];
    expect(requestOf({ headers }).headers).toMatchObject({ 'x-one': 'a b', 'x-empty': '', 'x-7': 'v' });
  });

  test('an eleventh is refused', () => {
    expect(faultOf({ headers: Array.from({ length: 11 }, (_, n) => header(`x-${n}`)) })).toMatch('more than 10');
  });

  test.each([
    ['the same name', [header('x-a'), header('x-a')]],
    ['the same name in another case', [header('x-a'), header('X-A')]],
  ])('%s twice is refused', (_what, headers) => {
    expect(faultOf({ headers })).toMatch('is set twice');
  });

  test('a name that the authentication already sets is refused', () => {
    const authentication = { kind: 'basic', username: 'u', password: 'p' } as const;
    expect(faultOf({ authentication, headers: [header('Authorization')] })).toMatch('is set twice');
  });

  test.each([
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Content-Type',
    'User-Agent',
    'webhook-id',
    'Webhook-Signature',
    'webhook-anything',
  ])('%s belongs to HTTP or to us and is refused', (name) => {
    expect(faultOf({ headers: [header(name)] })).toMatch('is reserved and cannot be set');
  });

  test.each(['a\r\nx: y', 'a\nb', 'a\0b', '\x7f', 'é', '😀'])('the value %j is refused', (value) => {
    expect(faultOf({ headers: [header('x-a', value)] })).toMatch('characters that are not allowed');
  });

  test('none of them can take the place of a header of ours', () => {
    const names = Object.keys(requestOf({}).headers);
    expect(names.map((name) => faultOf({ headers: [header(name)] }))).not.toContain('accepted');
  });
});

describe('what is stored but may not be sent makes no request', () => {
  test.each([
    ['http://hooks.example/in', /^http:\/\/ is not accepted: use https:\/\//],
    ['https://joe:secret@hooks.example/in', /must not contain a user name or password/],
    ['https://joe@hooks.example/in', /must not contain a user name or password/],
    ['ftp://hooks.example/in', /must begin with https/],
    ['hooks.example/in', /not a valid URL/],
    ['https://hooks.example:25/', /Port 25 belongs to another protocol/],
  ])('%s is refused with a sentence that says why', (url, fault) => {
    expect(faultOf({ url })).toMatch(fault);
  });

  test('the sentence never repeats a secret', () => {
    const authentication = { kind: 'api-key', placement: 'header', name: 'x-key', value: 'canary\n' } as const;
    expect(faultOf({ authentication })).not.toContain('canary');
    expect(faultOf({ url: 'https://joe:canary@hooks.example/' })).not.toContain('canary');
  });
});
