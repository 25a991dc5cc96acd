import { describe, expect, test } from '@jest/globals';
import { checkUrl, URL_MAX_LENGTH } from '../../../services/shared/core/url-policy.js';

const faultOf = (text: string): string => {
  const verdict = checkUrl(text);
  return verdict.ok ? 'accepted' : verdict.fault;
};

describe('accepted', () => {
  test.each([
    ['https://hooks.example', 'https://hooks.example/'],
    ['https://hooks.example/in?x=1', 'https://hooks.example/in?x=1'],
    ['HTTPS://HOOKS.EXAMPLE/In', 'https://hooks.example/In'],
    ['https://hooks.example:443/', 'https://hooks.example/'],
    ['https://hooks.example:8443/', 'https://hooks.example:8443/'],
    ['https://hooks.example:80/', 'https://hooks.example:80/'],
    ['https://hooks.example/in#part', 'https://hooks.example/in'],
    ['https://müller.example/grüße', 'https://xn--mller-kva.example/gr%C3%BC%C3%9Fe'],
    ['https://hooks.example./', 'https://hooks.example./'],
    ['https://93.184.216.34/', 'https://93.184.216.34/'],
    ['https://[2606:2800:220:1::1]/', 'https://[2606:2800:220:1::1]/'],
    ['https://hooks.example/a%20b/../c', 'https://hooks.example/c'],
  ])('%s is %s', (text, href) => {
    const verdict = checkUrl(text);
    expect(verdict.ok && verdict.url.href).toBe(href);
  });

  test('a URL of the longest length', () => {
    expect(faultOf('https://hooks.example/'.padEnd(URL_MAX_LENGTH, 'x'))).toBe('accepted');
  });
});

describe('refused, with a sentence that says why', () => {
  test.each([
    ['http://hooks.example/', 'http:// is not accepted: use https://, so that events travel encrypted.'],
    ['HTTP://hooks.example/', 'http:// is not accepted: use https://, so that events travel encrypted.'],
    ['ftp://hooks.example/', 'The URL must begin with https://.'],
    ['file:///etc/passwd', 'The URL must begin with https://.'],
    ['gopher://hooks.example:70/_x', 'The URL must begin with https://.'],
    ['unix:/var/run/docker.sock', 'The URL must begin with https://.'],
    ['ws://hooks.example/', 'The URL must begin with https://.'],
    ['javascript:alert(1)', 'The URL must begin with https://.'],
    ['data:text/plain,x', 'The URL must begin with https://.'],
    ['blob:https://hooks.example/1', 'The URL must begin with https://.'],
    ['https:hooks example', 'This is not a valid URL.'],
    ['hooks.example/in', 'This is not a valid URL.'],
    ['//hooks.example/in', 'This is not a valid URL.'],
    ['', 'This is not a valid URL.'],
    ['https://', 'This is not a valid URL.'],
    ['https://hooks.example:99999/', 'This is not a valid URL.'],
    ['https://1.2.3.4.5/', 'This is not a valid URL.'],
    ['https://[::1', 'This is not a valid URL.'],
    ['https://[fe80::1%25eth0]/', 'This is not a valid URL.'],
    ['https://ex%00ample/', 'This is not a valid URL.'],
  ])('%s: %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  test.each([
    'https://joe:secret@hooks.example/',
    'https://joe@hooks.example/',
    'https://:secret@hooks.example/',
    'https://hooks.example@evil.example/',
    'https://hooks.example%40evil.example@evil.example/',
  ])('%s has credentials', (text) => {
    expect(faultOf(text)).toMatch('must not contain a user name or password');
  });

  test.each([21, 22, 23, 25, 53, 110, 143, 389, 465, 587, 2049, 2379, 3306, 5432, 6379, 9092, 11211, 27017])(
    'port %i belongs to another protocol',
    (port) => {
      expect(faultOf(`https://hooks.example:${port}/`)).toBe(`Port ${port} belongs to another protocol.`);
    },
  );

  test('a URL that is too long, before anything of it is read', () => {
    expect(faultOf('https://hooks.example/'.padEnd(URL_MAX_LENGTH + 1, 'x'))).toMatch('longer than 2048 characters');
    expect(faultOf('x'.repeat(10_000_000))).toMatch('longer than 2048 characters');
  });
});
