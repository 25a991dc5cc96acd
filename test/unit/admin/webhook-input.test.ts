import { describe, expect, test } from '@jest/globals';
import { readWebhookInput } from '../../../services/admin/api/webhook-input.js';
import { compileEndpoint } from '../../../services/shared/core/request.js';

/** What an Owner may register, as a table of what is wrong and where it is said. */
const RIGHT = {
  url: 'https://receiver.example/hook',
  authentication: { kind: 'none' },
  headers: [],
  events: ['call.end'],
};
const basic = (fields: object) => ({ authentication: { kind: 'basic', username: 'u', password: 'p', ...fields } });
const apiKey = (fields: object) => ({
  authentication: { kind: 'api-key', placement: 'header', name: 'X-Key', value: 'v', ...fields },
});
const header = (name: unknown, value: unknown = 'v') => ({ headers: [{ name, value }] });
const pointersOf = (body: unknown) => readWebhookInput(body).faults.map(({ pointer }) => pointer);

describe('a fault is found at its field', () => {
  test.each<[string, object, readonly string[]]>([
    ['no URL', { url: undefined }, ['/url']],
    ['an empty URL', { url: '' }, ['/url']],
    ['a URL that is no text', { url: { $ne: null } }, ['/url']],
    ['http', { url: 'http://receiver.example/' }, ['/url']],
    ['another protocol', { url: 'gopher://receiver.example/' }, ['/url']],
    ['credentials in the URL', { url: 'https://user:pass@receiver.example/' }, ['/url']],
    ['a port of another protocol', { url: 'https://receiver.example:6379/' }, ['/url']],
    ['a URL that is too long', { url: `https://receiver.example/${'x'.repeat(2_048)}` }, ['/url']],
    ['a URL that is too long once it is written', { url: `https://receiver.example/${'ü'.repeat(700)}` }, ['/url']],
    ['no authentication', { authentication: undefined }, ['/authentication']],
    ['an unknown authentication', { authentication: { kind: 'digest' } }, ['/authentication/kind']],
    ['a secret without its kind', { authentication: { kind: 'none', password: 'p' } }, ['/authentication/password']],
    ['no password', basic({ password: undefined }), ['/authentication/password']],
    ['an empty password', basic({ password: '' }), ['/authentication/password']],
    ['a colon in the user name', basic({ username: 'a:b' }), ['/authentication/username']],
    ['a line break in the user name', basic({ username: 'a\r\nb' }), ['/authentication/username']],
    ['half a character in the password', basic({ password: 'a\ud800' }), ['/authentication/password']],
    ['a password that is too long', basic({ password: 'x'.repeat(1_025) }), ['/authentication/password']],
    ['no place for the key', apiKey({ placement: 'cookie' }), ['/authentication/placement']],
    ['a reserved name for the key', apiKey({ name: 'Host' }), ['/authentication/name']],
    ['a name for the key that is no token', apiKey({ name: 'X Key' }), ['/authentication/name']],
    ['a key that no header can hold', apiKey({ value: 'ü' }), ['/authentication/value']],
    ['a control character in a query key', apiKey({ placement: 'query', value: 'a\0b' }), ['/authentication/value']],
    ['no list of headers', { headers: {} }, ['/headers']],
    ['eleven headers', { headers: Array.from({ length: 11 }, (_, n) => ({ name: `X-${n}` })) }, ['/headers']],
    ['a header without a name', header(''), ['/headers/0/name']],
    ['a header that is an operator', header({ $gt: '' }), ['/headers/0/name']],
    ['a header that frames the body', header('Content-Length', '3'), ['/headers/0/name']],
    ['a header that speaks for us', header('webhook-id'), ['/headers/0/name']],
    ['a line break in a value', header('X-A', 'a\r\nX-B: c'), ['/headers/0/value']],
    ['a value that no header can hold', header('X-A', 'ü'), ['/headers/0/value']],
    ['a header twice', { headers: [{ name: 'X-A' }, { name: 'x-a' }] }, ['/headers/1/name']],
    ['the header of the key again', { ...apiKey({}), ...header('x-key') }, ['/headers/0/name']],
    ['the header of Basic again', { ...basic({}), ...header('Authorization') }, ['/headers/0/name']],
    ['no event', { events: [] }, ['/events']],
    ['an unknown event', { events: ['call.end', 'call.ringing'] }, ['/events/1']],
    ['an event twice', { events: ['call.end', 'call.end'] }, ['/events/1']],
    ['an unknown field', { 'a/b': 1 }, ['/a~1b']],
  ])('%s', (_, change, expected) => {
    expect(pointersOf({ ...RIGHT, ...change })).toEqual(expected);
  });

  test.each([undefined, null, 1, 'text', []])('a body that is no object: %j', (body) => {
    expect(pointersOf(body)).toEqual(['']);
  });

  test('all of them at once', () => {
    const body = { url: 'http://x.example/', authentication: { kind: 'basic' }, headers: [{}], events: [], more: 1 };
    expect(pointersOf(body)).toEqual([
      '/more',
      '/url',
      '/authentication/username',
      '/authentication/password',
      '/headers/0/name',
      '/events',
    ]);
  });
});

describe('what is right', () => {
  test.each<[string, object]>([
    ['without authentication', {}],
    ['with Basic', basic({ username: 'ü'.repeat(128), password: 'ü'.repeat(512) })],
    ['with a key in a header', apiKey({})],
    ['with a key in the query', apiKey({ placement: 'query', name: 'k e y', value: 'ü&=' })],
    ['with ten headers', { headers: Array.from({ length: 10 }, (_, n) => ({ name: `X-${n}`, value: 'a b' })) }],
    ['with a header that has no value', { headers: [{ name: 'X-A' }] }],
  ])('makes a request: %s', (_, change) => {
    const { endpoint, faults } = readWebhookInput({ ...RIGHT, ...change });
    expect(faults).toEqual([]);
    if (endpoint === undefined) throw new Error('no endpoint');
    const webhook = { id: 'w', companyId: 'c', status: 'active' as const, failures: [], countsFrom: 0, version: 1 };
    expect(compileEndpoint({ ...webhook, ...endpoint }, 'agent').kind).toBe('endpoint');
  });

  test.each([
    ['https://receiver.example', 'https://receiver.example'],
    ['https://receiver.example/a?b=c#d', 'https://receiver.example/a?b=c'],
    [' https://receiver.example/a ', 'https://receiver.example/a'],
    ['HTTPS://Receiver.example/a', 'https://receiver.example/a'],
    ['https://receiver.example\\@evil.example/', 'https://receiver.example/@evil.example/'],
  ])('keeps the URL as it was typed, unless it can be read in two ways: %s', (url, expected) => {
    expect(readWebhookInput({ ...RIGHT, url }).endpoint?.url).toBe(expected);
  });
});

describe('an edit that leaves a secret out', () => {
  const saved = {
    url: RIGHT.url,
    secrets: {
      authentication: { kind: 'basic', username: 'u', password: 'saved' },
      headers: [
        { name: 'X-A', value: 'saved' },
        { name: 'X-B', value: '' },
      ],
    },
  } as const;
  const edit = {
    ...RIGHT,
    authentication: { kind: 'basic', username: 'u' },
    headers: [{ name: 'x-a' }, { name: 'X-B' }],
  };

  test('keeps it', () => {
    const { endpoint } = readWebhookInput({ ...edit, url: 'https://receiver.example/other' }, saved);
    expect(endpoint?.authentication).toEqual(saved.secrets.authentication);
    expect(endpoint?.headers).toEqual([
      { name: 'x-a', value: 'saved' },
      { name: 'X-B', value: '' },
    ]);
  });

  test.each([
    ['the origin changed', { ...edit, url: 'https://other.example/' }, saved],
    ['it can’t be read any more', edit, { ...saved, secrets: null }],
  ])('is asked for it when %s', (_, body, before) => {
    const { endpoint, faults } = readWebhookInput(body, before);
    expect(endpoint).toBeUndefined();
    expect(faults.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/authentication/password', '/headers/0/value']),
    );
  });

  test('of another kind of authentication is asked for it', () => {
    const body = { ...edit, authentication: { kind: 'api-key', placement: 'query', name: 'k' } };
    expect(readWebhookInput(body, saved).faults.map(({ pointer }) => pointer)).toEqual(['/authentication/value']);
  });
});
