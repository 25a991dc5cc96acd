import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createUser,
  signInAs,
  startIdentityApi,
  type IdentityApi,
  type SignedInBrowser,
} from '../../support/identity.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

interface Created {
  readonly token: string;
  readonly details: { readonly id: string; readonly prefix: string; readonly expiresAt: string };
}

let database: TestDatabase;
let api: IdentityApi;
let owner: SignedInBrowser;

beforeAll(async () => {
  database = await openTestDatabase();
  api = await startIdentityApi(database.db);
  await createUser(database.db, 'co_a', 'owner@a.example', 'owner');
  owner = await signInAs(api, 'owner@a.example');
});
afterAll(async () => {
  await api.close();
  await database.end();
});

const create = (by: SignedInBrowser, name: string) =>
  api.request<Created>('POST', '/api/v1/tokens', { body: { name }, headers: by.headers });
const whoIs = (token: string) =>
  api.request<{ company: object }>('GET', '/api/v1/session', { headers: { authorization: `Bearer ${token}` } });

describe('an API token', () => {
  test('is shown once, works for its company, and only its hash is stored', async () => {
    const { status, json } = await create(owner, 'deploys');
    expect(status).toBe(201);
    expect(json.token).toMatch(/^whk_[\w-]{55}$/);
    expect(json.token.startsWith(json.details.prefix)).toBe(true);
    expect((await whoIs(json.token)).json).toMatchObject({ company: { id: 'co_a' }, via: 'token', csrfToken: null });
    const list = await api.request('GET', '/api/v1/tokens', { headers: owner.headers });
    const stored = await database.db.collection('api_tokens').find().toArray();
    expect(list.text).toContain(json.details.prefix);
    for (const text of [list.text, JSON.stringify(stored)]) expect(text).not.toContain(json.token.slice(16));
    expect(stored[0]?.['lastUsedAt']).toBeInstanceOf(Date);
  });

  test('lives 90 days unless told otherwise', async () => {
    const { json } = await create(owner, 'ninety');
    const days = (Date.parse(json.details.expiresAt) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
  });

  test('with a wrong secret, a wrong form or an expired date is nobody', async () => {
    const { json } = await create(owner, 'short');
    const wrong = `${json.token.slice(0, -4)}AAAA`;
    expect((await whoIs(wrong)).status).toBe(401);
    expect((await whoIs('whk_short')).status).toBe(401);
    await database.db
      .collection<{ _id: string }>('api_tokens')
      .updateOne({ _id: json.details.id }, { $set: { expiresAt: new Date(0) } });
    expect((await whoIs(json.token)).status).toBe(401);
  });

  test('is refused at once when it was revoked, and only its own company can do that', async () => {
    const { json } = await create(owner, 'revoked');
    const path = `/api/v1/tokens/${json.details.id}`;
    await createUser(database.db, 'co_b', 'owner@b.example', 'owner');
    const stranger = await signInAs(api, 'owner@b.example');
    const foreign = await api.request('DELETE', path, { headers: stranger.headers });
    const random = await api.request('DELETE', '/api/v1/tokens/AAAAAAAAAAAA', { headers: stranger.headers });
    expect([foreign.status, foreign.json.detail]).toEqual([404, random.json.detail]);
    expect((await whoIs(json.token)).status).toBe(200);
    expect((await api.request('DELETE', path, { headers: owner.headers })).status).toBe(204);
    expect((await whoIs(json.token)).status).toBe(401);
  });

  test('leaves its traces in the audit log, without its secret', async () => {
    const { json } = await create(owner, 'audited');
    await api.request('DELETE', `/api/v1/tokens/${json.details.id}`, { headers: owner.headers });
    const entries = await database.db.collection('audit_log').find({ companyId: 'co_a' }).sort({ at: 1 }).toArray();
    expect(entries.slice(-2).map(({ action }) => action as string)).toEqual(['token.created', 'token.revoked']);
    expect(JSON.stringify(entries)).not.toContain(json.token.slice(16));
  });

  test('is one of twenty, also when thirty creations race', async () => {
    await createUser(database.db, 'co_c', 'owner@c.example', 'owner');
    const racer = await signInAs(api, 'owner@c.example');
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => create(racer, `token ${index}`)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(20);
    expect(statuses.filter((status) => status === 409)).toHaveLength(10);
  });
});
