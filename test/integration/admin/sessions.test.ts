import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SessionStore } from '../../../services/shared/platform/mongo/sessions.js';
import { UserStore } from '../../../services/shared/platform/mongo/users.js';
import { createUser, PASSWORD, signInAs, startIdentityApi, type IdentityApi } from '../../support/identity.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

/** Local users: signing in and out, sessions, forged requests, guessing (RELIABILITY 42). */
let database: TestDatabase;
let api: IdentityApi;
let userId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  api = await startIdentityApi(database.db);
  userId = await createUser(database.db, 'co_a', 'Olga@Example.com', 'owner');
});
afterAll(async () => {
  await api.close();
  await database.end();
});

const signIn = (email: string, password: string, address = '192.0.2.1') =>
  api.request('POST', '/api/v1/session', { body: { email, password }, headers: { 'x-forwarded-for': address } });

describe('a session', () => {
  test('begins with the right password, e-mail in any case, and its cookie is for this host alone', async () => {
    const answer = await signIn('OLGA@example.com', PASSWORD);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({
      user: { id: userId, role: 'owner', email: 'olga@example.com' },
      company: { id: 'co_a', name: 'co_a' },
      via: 'session',
    });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('is stored as a hash: nothing in the database signs anybody in', async () => {
    const { cookie } = await signInAs(api, 'olga@example.com');
    const secret = cookie.split('=')[1] ?? '';
    const stored = await database.db.collection('sessions').find().toArray();
    expect(stored.length).toBeGreaterThan(0);
    expect(JSON.stringify(stored)).not.toContain(secret);
  });

  test('ends with the sign-out, at once', async () => {
    const { cookie, headers } = await signInAs(api, 'olga@example.com');
    expect((await api.request('GET', '/api/v1/session', { headers: { cookie } })).status).toBe(200);
    expect((await api.request('DELETE', '/api/v1/session', { headers })).status).toBe(204);
    expect((await api.request('GET', '/api/v1/session', { headers: { cookie } })).status).toBe(401);
  });

  test('costs one look-up however many requests come at once', async () => {
    const { cookie } = await signInAs(api, 'olga@example.com');
    database.commands.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => api.request('GET', '/api/v1/session', { headers: { cookie } })),
    );
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(database.commands.filter(({ commandName }) => commandName === 'find').length).toBeLessThan(10);
  });

  test.each([
    ['disabled', { disabled: true }],
    ['given another password', { passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA' }],
  ])('of a user who is %s is deleted in the same write', async (how, change) => {
    const email = `${how.replaceAll(' ', '-')}@example.com`;
    const id = await createUser(database.db, 'co_a', email, 'admin');
    await signInAs(api, email);
    const ofUser = { companyId: 'co_a', userId: id };
    expect(await database.db.collection('sessions').countDocuments(ofUser)).toBe(1);
    expect(await new UserStore(database.db).change('co_a', id, change, new Date())).toBe('changed');
    expect(await database.db.collection('sessions').countDocuments(ofUser)).toBe(0);
  });

  test('that has expired is nobody’s', async () => {
    const past = new Date(Date.now() - 1_000);
    const { secret } = await new SessionStore(database.db).create('co_a', userId, past, past);
    const headers = { cookie: `__Host-session=${secret}` };
    expect((await api.request('GET', '/api/v1/session', { headers })).status).toBe(401);
  });
});

describe('a change that a cookie authenticates', () => {
  const body = { name: 'forged' };

  test.each<[string, (own: Readonly<Record<string, string>>) => Record<string, string>]>([
    ['without the token', ({ cookie = '' }) => ({ cookie })],
    ['with a wrong token', (own) => ({ ...own, 'x-csrf-token': 'x'.repeat(43) })],
    ['from another site', (own) => ({ ...own, origin: 'https://evil.example' })],
    ['from a sandboxed frame', (own) => ({ ...own, origin: 'null' })],
  ])('is refused %s', async (_, forged) => {
    const { headers } = await signInAs(api, 'olga@example.com');
    const { status } = await api.request('POST', '/api/v1/tokens', { body, headers: forged(headers) });
    expect(status).toBe(403);
  });

  test('is done with the token, from this site', async () => {
    const { headers } = await signInAs(api, 'olga@example.com');
    const own = { ...headers, origin: api.url };
    expect((await api.request('POST', '/api/v1/tokens', { body, headers: own })).status).toBe(201);
  });
});

describe('who does not get in', () => {
  test('a wrong e-mail, a wrong password and a disabled user get the same answer', async () => {
    const id = await createUser(database.db, 'co_a', 'gone@example.com', 'admin');
    await new UserStore(database.db).change('co_a', id, { disabled: true }, new Date());
    const answers = [
      await signIn('nobody@example.com', PASSWORD, '192.0.2.2'),
      await signIn('olga@example.com', 'wrong', '192.0.2.2'),
      await signIn('gone@example.com', PASSWORD, '192.0.2.2'),
    ];
    const seen = answers.map(({ status, json }) => ({ status, detail: json.detail }));
    expect(seen).toEqual(Array(3).fill({ status: 401, detail: 'E-mail or password is wrong.' }));
  });

  test('another role is told so after the right password only', async () => {
    await createUser(database.db, 'co_a', 'agent@example.com', 'agent');
    expect((await signIn('agent@example.com', 'wrong', '192.0.2.3')).status).toBe(401);
    const { status, json } = await signIn('agent@example.com', PASSWORD, '192.0.2.3');
    expect([status, json.detail]).toEqual([403, 'Only Owners and Admins of a company can use this panel.']);
  });

  test('an operator in place of a password never reaches the driver', async () => {
    database.commands.length = 0;
    const body = { email: { $gt: '' }, password: { $ne: null } };
    expect((await api.request('POST', '/api/v1/session', { body })).status).toBeGreaterThanOrEqual(400);
    expect(database.commands).toEqual([]);
  });
});

describe('guessing', () => {
  test('passwords of one account is stopped after five, from whatever addresses and however many at once', async () => {
    await createUser(database.db, 'co_a', 'target@example.com', 'admin');
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => signIn('target@example.com', `guess ${index}`, `198.51.100.${index}`)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(6);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('from one address is stopped after twenty, whatever the accounts', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 24; index += 1)
      statuses.push((await signIn(`someone-${index}@example.com`, 'guess', '203.0.113.9')).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(statuses.slice(20)).toContain(429);
  });

  test('an account that does not exist is counted as one that does', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 7; index += 1)
      statuses.push((await signIn('ghost@example.com', 'guess', `192.0.2.${100 + index}`)).status);
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses.slice(5)).toContain(429);
  });
});
