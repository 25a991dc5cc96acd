import { expect, test } from '@jest/globals';
import type { ResolveHost } from '../../../../services/shared/platform/http/guarded-connector.js';
import { createHostCheck } from '../../../../services/shared/platform/http/host-check.js';

/** Which hosts a webhook may be saved with, by what their names lead to. */
const answering =
  (...addresses: string[]): ResolveHost =>
  (_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
const failing: ResolveHost = (_name, _options, callback) => callback(new Error('no answer'), []);
const silent: ResolveHost = () => undefined;

test.each<[string, ResolveHost, boolean]>([
  ['with a public address is right', answering('8.8.8.8', '2606:4700::1111'), false],
  ['with an inner address is refused', answering('127.0.0.1'), true],
  ['with one inner address among others is refused', answering('8.8.8.8', 'fd00::1'), true],
  ['that does not resolve is let through: the guard at the socket decides', failing, false],
  ['that does not resolve in time is let through', silent, false],
])('%s', async (_, resolve, refused) => {
  expect(await createHostCheck({ allowedNetworks: [], resolve, timeoutMs: 20 })('receiver.example')).toBe(refused);
});

test.each<[string, ResolveHost, boolean]>([
  ['leads where the operator allowed', answering('127.0.0.1'), false],
  ['leads elsewhere inside', answering('10.0.0.1'), true],
  ['leads nowhere', failing, true],
])(
  'that is internal by its form is judged by where it leads, once networks are allowed: %s',
  async (_, resolve, refused) => {
    expect(await createHostCheck({ allowedNetworks: ['127.0.0.0/8'], resolve })('receiver.local')).toBe(refused);
  },
);

test.each(['localhost', 'localhost.', 'a.localhost', 'x.internal', 'printer.local', 'intranet', '127.0.0.1', '[::1]'])(
  'an inner host is refused without asking anybody: %s',
  async (host) => {
    const resolve: ResolveHost = () => {
      throw new Error('asked');
    };
    expect(await createHostCheck({ allowedNetworks: [], resolve })(host)).toBe(true);
  },
);
