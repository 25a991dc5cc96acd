import { describe, expect, test } from '@jest/globals';
import {
  EMPTY_VALUES,
  inputOf,
  originChanged,
  sameInput,
  valuesOf,
  type SavedWebhook,
  type WebhookFormValues,
} from '../../../services/admin/console/src/form/form-values.js';

const saved: SavedWebhook = {
  url: 'https://hooks.example/in',
  authentication: { kind: 'basic', username: 'ann', password: { isSet: true, last4: 'q7Zk' } },
  headers: [
    { name: 'X-Tenant', value: { isSet: true, last4: '0042' } },
    { name: 'X-Empty', value: { isSet: false, last4: null } },
  ],
  events: ['call.end', 'message.read'],
};
const values = (change: (values: WebhookFormValues) => void = () => undefined): WebhookFormValues => {
  const copy = structuredClone(valuesOf(saved));
  change(copy);
  return copy;
};

describe('secrets', () => {
  test('that are left alone are not sent, so that the saved ones stay', () => {
    expect(inputOf(values(), saved)).toEqual({
      url: 'https://hooks.example/in',
      authentication: { kind: 'basic', username: 'ann' },
      headers: [{ name: 'X-Tenant' }, { name: 'X-Empty', value: '' }],
      events: ['call.end', 'message.read'],
    });
  });

  test.each<[string, (values: WebhookFormValues) => void, object]>([
    ['a typed password', (v) => (v.authentication.password = 'new'), { authentication: { password: 'new' } }],
    ['a typed header value', (v) => (v.headers[0]!.value = 'new'), { headers: [{ value: 'new' }, {}] }],
    ['a cleared header value', (v) => (v.headers[0]!.cleared = true), { headers: [{ value: '' }, {}] }],
    ['the value of a renamed header', (v) => (v.headers[0]!.name = 'X-Other'), { headers: [{ value: '' }, {}] }],
    [
      'the key of another kind of authentication',
      (v) => (v.authentication = { ...v.authentication, kind: 'api-key', name: 'k' }),
      { authentication: { kind: 'api-key', name: 'k', value: '' } },
    ],
  ])('%s is sent', (_what, change, part) => {
    expect(inputOf(values(change), saved)).toMatchObject(part);
  });

  test('of a header are kept whatever the case of its name', () => {
    expect(
      inputOf(
        values((v) => (v.headers[0]!.name = 'x-tenant')),
        saved,
      ).headers[0],
    ).toEqual({ name: 'x-tenant' });
  });
});

describe('a change', () => {
  const changed = (change: (values: WebhookFormValues) => void): boolean =>
    !sameInput(inputOf(values(change), saved), inputOf(values(), saved));

  test.each<[string, (values: WebhookFormValues) => void, boolean]>([
    ['nothing', () => undefined, false],
    ['events ticked in another order', (v) => v.events.reverse(), false],
    ['white space around the URL', (v) => (v.url = ` ${v.url} `), false],
    ['another path', (v) => (v.url += '2'), true],
    ['an event more', (v) => v.events.push('call.answered'), true],
    ['a row that is still empty', (v) => v.headers.push({ name: '', value: '', cleared: false }), true],
    ['a password typed', (v) => (v.authentication.password = 'x'), true],
    ['a user name of a kind that is not chosen', (v) => (v.authentication.name = 'unused'), false],
  ])('%s: %#', (_what, change, expected) => {
    expect(changed(change)).toBe(expected);
  });

  test('of an empty form is whatever is typed', () => {
    const typed = { ...EMPTY_VALUES, url: 'https://a.example' };
    expect(sameInput(inputOf(typed, null), inputOf(EMPTY_VALUES, null))).toBe(false);
  });
});

test.each([
  ['https://hooks.example/other?x=1', false],
  ['https://HOOKS.example:443/in', false],
  ['https://hooks.example:8443/in', true],
  ['https://hooks.example.org/in', true],
  ['https://', false],
  ['', false],
])('the origin of %s is another one: %s', (url, expected) => {
  expect(originChanged(url, saved)).toBe(expected);
});
