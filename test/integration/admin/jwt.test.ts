import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { jwtSettings, startIdentityApi, type IdentityApi } from '../../support/identity.js';
import { startKeyServer, type KeyServer } from '../../support/key-server.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

/** JWTs of an identity provider, whose keys a server of the test publishes. */
const ISSUER = 'https://id.example';
const AUDIENCE = 'webhooks';

let database: TestDatabase;
let provider: KeyServer;
let api: IdentityApi;
let away: IdentityApi;
let key: CryptoKey;
let otherKey: CryptoKey;

beforeAll(async () => {
  provider = await startKeyServer();
  const { jwksUrl } = provider;
  [key, otherKey] = [provider.key, (await generateKeyPair('ES256')).privateKey];
  database = await openTestDatabase();
  const settings = { jwksUrl, issuer: ISSUER, audience: AUDIENCE, roleClaim: 'realm.roles' };
  api = await startIdentityApi(database.db, jwtSettings(settings));
  away = await startIdentityApi(database.db, jwtSettings({ ...settings, jwksUrl: 'http://127.0.0.1:9/keys' }));
});
afterAll(async () => {
  await Promise.all([api.close(), away.close()]);
  await provider.close();
  await database.end();
});

const now = () => Math.floor(Date.now() / 1_000);
const CLAIMS = { sub: 'u1', name: 'Olga', company_id: 'co_jwt', company_name: 'Aurora', realm: { roles: ['owner'] } };

interface Change {
  readonly claims?: Record<string, unknown>;
  readonly kid?: string;
  readonly key?: CryptoKey;
}

function jwt({ claims = {}, kid = 'k1', key: signer = key }: Change = {}): Promise<string> {
  const all = { iss: ISSUER, aud: AUDIENCE, exp: now() + 60, ...CLAIMS, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg: 'ES256', kid }).sign(signer);
}

const ask = (token: string, at = api) =>
  at.request('GET', '/api/v1/session', { headers: { authorization: `Bearer ${token}` } });

test('a good token is its user, of a company that has no document here', async () => {
  const { status, json } = await ask(await jwt());
  expect(status).toBe(200);
  expect(json).toMatchObject({
    user: { id: 'u1', name: 'Olga', role: 'owner' },
    company: { id: 'co_jwt', name: 'Aurora' },
    via: 'jwt',
    csrfToken: null,
  });
});

test.each<[string, () => Promise<string> | string, number]>([
  ['another issuer', () => jwt({ claims: { iss: 'https://evil.example' } }), 401],
  ['another audience', () => jwt({ claims: { aud: 'billing' } }), 401],
  ['a time that is over', () => jwt({ claims: { exp: now() - 60 } }), 401],
  ['a time that has not come', () => jwt({ claims: { nbf: now() + 60 } }), 401],
  ['no end', () => jwt({ claims: { exp: undefined } }), 401],
  ['an unknown kid', () => jwt({ kid: 'k2' }), 401],
  ['another’s signature', () => jwt({ key: otherKey }), 401],
  ['no company', () => jwt({ claims: { company_id: undefined } }), 401],
  ['a company that is an operator', () => jwt({ claims: { company_id: { $ne: null } } }), 401],
  ['no signature at all', () => new UnsecuredJWT({ ...CLAIMS }).setIssuer(ISSUER).setAudience(AUDIENCE).encode(), 401],
  [
    'a shared secret in place of a key',
    () =>
      new SignJWT({ ...CLAIMS, iss: ISSUER, aud: AUDIENCE, exp: now() + 60 })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(new TextEncoder().encode('a secret that anybody may know, 32+')),
    401,
  ],
  ['a role without access', () => jwt({ claims: { realm: { roles: ['agent'] } } }), 403],
  ['no form of a token', () => 'abc', 401],
])('a token with %s is refused', async (_, make, expected) => {
  expect((await ask(await make())).status).toBe(expected);
});

test('while the identity provider is away, nobody is refused: it is worth trying again', async () => {
  expect((await ask(await jwt(), away)).status).toBe(503);
});

test('nobody signs in here, and the console is told so', async () => {
  expect((await api.request('GET', '/api/v1/sign-in-method')).json).toEqual({ authentication: 'jwt' });
  const body = { email: 'a@b.example', password: 'x' };
  expect((await api.request('POST', '/api/v1/session', { body })).status).toBe(404);
});
