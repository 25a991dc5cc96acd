import { describe, expect, test } from '@jest/globals';
import {
  HEADER_NAME_MAX_BYTES,
  HEADER_VALUE_MAX_BYTES,
  headerFault,
} from '../../../services/shared/core/header-policy.js';

describe('names that may be set', () => {
  test.each([
    'x-tenant',
    'X-Tenant',
    'authorization',
    'x-api-key',
    'accept',
    'a',
    "x!#$%&'*+-.^_`|~9",
    'content-language',
  ])('%s', (name) => {
    expect(headerFault(name, 'v')).toBeUndefined();
  });

  test('one of the longest length', () => {
    expect(headerFault('x'.repeat(HEADER_NAME_MAX_BYTES), 'v')).toBeUndefined();
  });
});

describe('names that belong to HTTP, to us or to the networks in between', () => {
  test.each([
    ...['host', 'content-length', 'content-type', 'content-encoding', 'transfer-encoding', 'connection', 'keep-alive'],
    ...['te', 'trailer', 'trailers', 'upgrade', 'expect', 'user-agent', 'forwarded', 'via', 'x-real-ip', 'date'],
    ...[
      'accept-encoding',
      'proxy-authorization',
      'proxy-connection',
      'proxy-anything',
      'webhook-id',
      'webhook-signature',
    ],
    ...['webhook-timestamp', 'webhook-attempt', 'x-forwarded-for', 'x-forwarded-host', 'x-amz-date', 'x-goog-api-key'],
    ...['x-google-metadata', 'x-azure-ref', 'metadata-flavor', '__proto__'],
  ])('%s is refused, in any case', (name) => {
    expect([headerFault(name, 'v'), headerFault(name.toUpperCase(), 'v')]).toEqual(
      Array(2).fill('is reserved and cannot be set'),
    );
  });
});

describe('names that are none', () => {
  test.each([
    ...[
      '',
      ' ',
      'x y',
      ' x',
      'x ',
      'x:',
      ':authority',
      ':path',
      'x\r\ny',
      'x\n',
      'x\0',
      'x\t',
      'é',
      'x(y)',
      'x"y"',
      'x/y',
    ],
    ...['x=y', 'x[0]', '{x}', 'x@y', 'x,y', 'x;y', '\u2028', 'ｈost'],
  ])('%j', (name) => {
    expect(headerFault(name, 'v')).toBe('is not a valid header name');
  });

  test('one that is too long', () => {
    expect(headerFault('x'.repeat(HEADER_NAME_MAX_BYTES + 1), 'v')).toBe('is not a valid header name');
  });
});

describe('values that may be set', () => {
  test.each(['', 'v', 'a b', 'a\tb', '!~', 'Bearer abc.def-ghi', '"quoted, with; everything"', '%0d%0a'])(
    '%j',
    (value) => {
      expect(headerFault('x-a', value)).toBeUndefined();
    },
  );

  test('one of the longest length', () => {
    expect(headerFault('x-a', 'v'.repeat(HEADER_VALUE_MAX_BYTES))).toBeUndefined();
  });
});

describe('values that could end the header, begin another or mean two things', () => {
  test.each([
    ...['a\r\nb', 'a\rb', 'a\nb', 'a\n', '\r\n', 'a\0b', '\x01', '\x1f', '\x7f', '\x80', 'é', '\u0100', '😀', '\ud800'],
    ...[' a', 'a ', '\ta', 'a\t', ' ', 'a\r\n\r\nGET /admin HTTP/1.1', 'a\u2028b', '嘊', '\u010a'],
  ])('%j', (value) => {
    expect(headerFault('x-a', value)).toBe('has a value with characters that are not allowed in headers');
  });

  test('one that is too long', () => {
    expect(headerFault('x-a', 'v'.repeat(HEADER_VALUE_MAX_BYTES + 1))).toBe('has a value longer than 4096 characters');
  });
});

test('the check takes no longer for what is made to be slow', () => {
  const startedAt = performance.now();
  for (const value of [`${' '.repeat(4_095)}\n`, `a${' '.repeat(4_094)}\0`, 'a '.repeat(2_048), ' '.repeat(10_000_000)])
    expect(headerFault('x-a', value)).toBeDefined();
  expect(headerFault('a'.repeat(10_000_000), 'v')).toBeDefined();
  expect(performance.now() - startedAt).toBeLessThan(500);
});
