import { describe, expect, test } from '@jest/globals';
import { isSecretName, maskHeaders, maskText, maskUrl } from '../../../services/shared/core/mask.js';

describe('maskUrl keeps origin and path, and masks every query value', () => {
  test.each([
    ['https://example.com/hook', 'https://example.com/hook'],
    ['https://example.com:8443/a/b?apikey=canary', 'https://example.com:8443/a/b?apikey=***'],
    ['https://example.com/?a=canary&b=canary2&c=', 'https://example.com/?a=***&b=***&c=***'],
    ['https://example.com/?canary', 'https://example.com/?***'],
    ['https://example.com/?a=x=canary', 'https://example.com/?a=***'],
    ['https://example.com/?a=b?canary', 'https://example.com/?a=***'],
    ['https://example.com/p#canary', 'https://example.com/p'],
    ['https://example.com/p?a=1#canary', 'https://example.com/p?a=***'],
    ['https://user:canary@example.com/p', 'https://***@example.com/p'],
    ['https://user:can@ary@example.com/@me', 'https://***@example.com/@me'],
    ['https://example.com/?', 'https://example.com/?'],
    ['/hook?token=canary', '/hook?token=***'],
    ['', ''],
  ])('%s → %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
  });
});

describe('maskHeaders masks the webhook’s own secrets and every name that tells one', () => {
  test('names match in any case, the others stay', () => {
    const headers = {
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'X-Shop': 'canary',
      authorization: 'Basic canary',
      'set-cookie': 'sid=canary',
      'X-Api-Key': 'canary',
    };
    expect(maskHeaders(headers, ['x-shop'])).toEqual({
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'X-Shop': '***',
      authorization: '***',
      'set-cookie': '***',
      'X-Api-Key': '***',
    });
  });
});

describe('maskText leaves no secret in free text', () => {
  test.each([
    ['connect ECONNREFUSED 127.0.0.1:9092', 'connect ECONNREFUSED 127.0.0.1:9092'],
    ['POST https://h.example/p?k=canary failed', 'POST https://h.example/p?k=*** failed'],
    ['at "https://h.example/p?k=canary"', 'at "https://h.example/p?k=***"'],
    ['mongodb://app:canary@a:1,b:2/?authSource=canary', 'mongodb://***@a:1,b:2/?authSource=***'],
    ['path /p?apikey=canary&x=canary', 'path /p?apikey=***&x=***'],
    ['Authorization: Basic canary==', 'Authorization: ***'],
    ['authorization: Digest username="canary", nonce="canary"\nhost: x', 'authorization: ***\nhost: x'],
    ['cookie: a=canary; b=canary', 'cookie: ***'],
    ['sent Bearer canary.x.y to it', 'sent Bearer *** to it'],
    ['{"password":"canary","user":"u"}', '{"password":***,"user":"u"}'],
    ['{"password":"a\\"canary","user":"u"}', '{"password":***,"user":"u"}'],
    ["{ apiKey: 'canary canary', n: 1 }", '{ apiKey: ***, n: 1 }'],
    ['x-api-key=canary, next', 'x-api-key=***, next'],
    ['client_secret_value = canary', 'client_secret_value = ***'],
  ])('%s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  test('time grows no faster than the text, whatever an endpoint sends', () => {
    const texts = [
      'secret'.repeat(20_000),
      'a'.repeat(100_000) + ':',
      '?a'.repeat(50_000),
      '"password":"'.repeat(9_000),
      '"password":"' + '\\"'.repeat(50_000),
    ];
    for (const text of texts) {
      const start = performance.now();
      maskText(text);
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});

test.each([
  ['Authorization', true],
  ['x-api-key', true],
  ['apiKey', true],
  ['newPassword', true],
  ['refresh_token', true],
  ['Set-Cookie', true],
  ['ENCRYPTION_KEYS', true],
  ['webhookId', false],
  ['companyId', false],
  ['key', false],
  ['durationMs', false],
])('the name %s tells a secret: %s', (name, secret) => {
  expect(isSecretName(name)).toBe(secret);
});
