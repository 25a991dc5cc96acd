import { describe, expect, test } from '@jest/globals';
import { formFaults } from '../../../services/admin/console/src/form/form-rules.js';
import {
  EMPTY_VALUES,
  inputOf,
  valuesOf,
  type SavedWebhook,
  type WebhookFormValues,
} from '../../../services/admin/console/src/form/form-values.js';
import { problemFaults } from '../../../services/admin/console/src/form/problem-faults.js';
import { readWebhookInput } from '../../../services/admin/api/webhook-input.js';

/** The console says at a field what the API would say: each row is judged by both. */
const right: WebhookFormValues = { ...EMPTY_VALUES, url: 'https://hooks.example/in', events: ['call.end'] };
const header = (name: string, value = '') => ({ name, value, cleared: false });
const basic = { ...EMPTY_VALUES.authentication, kind: 'basic', username: 'ann', password: 'secret' } as const;
const key = { ...EMPTY_VALUES.authentication, kind: 'api-key', name: 'X-Key', value: 'secret' } as const;

const byApi = (values: WebhookFormValues): string[] =>
  problemFaults({
    type: '',
    title: '',
    status: 422,
    detail: '',
    requestId: '',
    errors: [...readWebhookInput(inputOf(values, null)).faults],
  })
    .fields.map(({ path, message }) => `${path}: ${message}`)
    .sort();
const byConsole = (values: WebhookFormValues): string[] =>
  formFaults(values, null)
    .map(({ path, message }) => `${path}: ${message}`)
    .sort();

describe('console and API find the same, in the same words', () => {
  test.each<[string, WebhookFormValues]>([
    ['nothing wrong', right],
    ['an empty form', EMPTY_VALUES],
    ['http', { ...right, url: 'http://hooks.example/' }],
    ['credentials in the URL', { ...right, url: 'https://ann:pw@hooks.example/' }],
    ['no URL at all', { ...right, url: 'hooks' }],
    ['no events', { ...right, events: [] }],
    ['a colon in the user name', { ...right, authentication: { ...basic, username: 'a:b' } }],
    ['no user name', { ...right, authentication: { ...basic, username: '' } }],
    ['a line break in the password', { ...right, authentication: { ...basic, password: 'a\nb' } }],
    ['a reserved key header', { ...right, authentication: { ...key, name: 'Host' } }],
    [
      'a key name for the query may be anything',
      { ...right, authentication: { ...key, placement: 'query', name: 'host' } },
    ],
    ['no key name', { ...right, authentication: { ...key, name: '' } }],
    ['a header twice', { ...right, headers: [header('X-A'), header('x-a')] }],
    ['a header of ours', { ...right, headers: [header('webhook-id', 'x')] }],
    ['a name that is none', { ...right, headers: [header('no spaces here')] }],
    ['a header without a name', { ...right, headers: [header('', 'x')] }],
    ['the header of Basic', { ...right, authentication: basic, headers: [header('Authorization', 'x')] }],
    ['the header of the API key', { ...right, authentication: key, headers: [header('x-key', 'x')] }],
    ['a value that is not ASCII', { ...right, headers: [header('X-A', 'grüße')] }],
    [
      'everything at once',
      { ...EMPTY_VALUES, url: 'ftp://x', authentication: { ...basic, username: ':' }, headers: [header('host')] },
    ],
  ])('%s', (_what, values) => {
    expect(byConsole(values)).toEqual(byApi(values));
  });
});

describe('an edit', () => {
  const saved: SavedWebhook = {
    url: 'https://hooks.example/in',
    authentication: { kind: 'api-key', placement: 'header', name: 'X-Key', value: { isSet: true, last4: null } },
    headers: [{ name: 'X-Tenant', value: { isSet: true, last4: null } }],
    events: ['call.end'],
  };

  test('keeps its secrets at another path of the same host', () => {
    expect(formFaults({ ...valuesOf(saved), url: 'https://hooks.example/other' }, saved)).toEqual([]);
  });

  test('asks for every kept secret again when the host changed, and for none that was typed', () => {
    const moved = { ...valuesOf(saved), url: 'https://other.example/in' };
    expect(formFaults(moved, saved).map(({ path, message }) => [path, message])).toEqual([
      ['authentication.value', 'The address changed to another host: type the key again.'],
      ['headers.0.value', 'The address changed to another host: type the value again.'],
    ]);
    const typed = {
      ...moved,
      authentication: { ...moved.authentication, value: 'new' },
      headers: [header('X-Tenant', 'new')],
    };
    expect(formFaults(typed, saved)).toEqual([]);
  });
});

test('what is only missing waits until the field was left; what is wrong is said at once', () => {
  const kinds = (values: WebhookFormValues) => formFaults(values, null).map(({ path, kind }) => [path, kind]);
  expect(kinds(EMPTY_VALUES)).toEqual([
    ['url', 'missing'],
    ['events', 'missing'],
  ]);
  expect(kinds({ ...right, url: 'https:/' })).toEqual([['url', 'missing']]);
  expect(kinds({ ...right, url: 'http://x' })).toEqual([['url', 'wrong']]);
});
