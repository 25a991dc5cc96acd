import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Type from 'typebox';
import { ACCESS, mayUse, type RouteName } from '../../../services/admin/api/access.js';
import { at, type Routes } from '../../../services/admin/api/route.js';
import { SessionStore } from '../../../services/shared/platform/mongo/sessions.js';
import { UserStore } from '../../../services/shared/platform/mongo/users.js';
import { createUser, signInAs, startIdentityApi, type IdentityApi } from '../../support/identity.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

/**
 * Every row of the matrix through the real server, with real proofs (RELIABILITY 38). Routes of identity are the
 * product's own; behind every other row stands one that answers 200, so that nothing but the guard decides.
 */
const OWN: ReadonlySet<string> = new Set([
  ...['sign-in-method.read', 'session.create', 'session.read', 'session.delete'],
  ...['tokens.list', 'tokens.create', 'tokens.revoke'],
]);
const ROUTES = Object.keys(ACCESS) as RouteName[];

const standIns: Routes = (api) => {
  for (const name of ROUTES.filter((route) => !OWN.has(route)))
    api.route({ ...at(name), schema: { response: { 200: Type.Object({}) } }, handler: () => ({}) });
};

let database: TestDatabase;
let api: IdentityApi;
let proofs: Readonly<Record<string, Readonly<Record<string, string>>>>;

beforeAll(async () => {
  database = await openTestDatabase();
  api = await startIdentityApi(database.db, undefined, [standIns]);
  const { db } = database;
  const past = new Date(Date.now() - 1_000);
  const ownerId = await createUser(db, 'co_a', 'owner@a.example', 'owner');
  await createUser(db, 'co_a', 'admin@a.example', 'admin');
  const disabledId = await createUser(db, 'co_a', 'disabled@a.example', 'admin');
  const demotedId = await createUser(db, 'co_a', 'agent@a.example', 'admin');
  const { headers: owner } = await signInAs(api, 'owner@a.example');
  const { headers: admin } = await signInAs(api, 'admin@a.example');
  const { headers: disabled } = await signInAs(api, 'disabled@a.example');
  const { headers: agent } = await signInAs(api, 'agent@a.example');
  await new UserStore(db).change('co_a', disabledId, { disabled: true }, new Date());
  await new UserStore(db).change('co_a', demotedId, { role: 'agent' }, new Date());
  const expired = await new SessionStore(db).create('co_a', ownerId, past, past);
  const body = { name: 'matrix' };
  const created = await api.request<{ token: string }>('POST', '/api/v1/tokens', { body, headers: owner });
  // Another process than the one that signed them in: it has remembered nobody.
  await api.close();
  api = await startIdentityApi(db, undefined, [standIns]);
  proofs = {
    ...{ owner, admin, disabled, agent },
    token: { authorization: `Bearer ${created.json.token}` },
    expired: { cookie: `__Host-session=${expired.secret}`, 'x-csrf-token': expired.csrfToken },
    unknown: { authorization: `Bearer whk_${'A'.repeat(55)}` },
    nobody: {},
  };
});
afterAll(async () => {
  await api.close();
  await database.end();
});

async function statusOf(route: RouteName, who: string): Promise<number> {
  const { method, path } = ACCESS[route];
  const address = path.replace(/:\w+/g, 'AAAAAAAAAAAA');
  const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
  return (await api.request(method, address, { ...body, headers: proofs[who] ?? {} })).status;
}

// Signing out comes last: it ends the proof that the other rows need.
const inOrder = [...ROUTES.filter((route) => route !== 'session.delete'), 'session.delete' as const];

describe.each(inOrder)('%s', (route) => {
  const isOpen = ACCESS[route].anyone === 'yes';

  test.each(['owner', 'admin', 'token'] as const)('is as the matrix says for: %s', async (who) => {
    const status = await statusOf(route, who);
    if (isOpen || mayUse(route, who)) expect([401, 403]).not.toContain(status);
    else expect(status).toBe(403);
  });

  test.each([
    ['a user with another role', 'agent', 403],
    ['a user who is disabled', 'disabled', 401],
    ['a session that has expired', 'expired', 401],
    ['a token that nobody made', 'unknown', 401],
    ['somebody without any proof', 'nobody', 401],
  ])('gives nothing to %s', async (_, who, refused) => {
    const status = await statusOf(route, who);
    if (isOpen) expect([401, 403]).not.toContain(status);
    else expect(status).toBe(refused);
  });
});

test('the last Owner of a company can be neither demoted nor disabled, also when two try at once', async () => {
  const users = new UserStore(database.db);
  const ids = await Promise.all(
    ['one', 'two'].map((name) => createUser(database.db, 'co_last', `${name}@last.example`, 'owner')),
  );
  const results = await Promise.all(ids.map((id) => users.change('co_last', id, { role: 'admin' }, new Date())));
  expect(results.sort()).toEqual(['changed', 'last-owner']);
  const owners = (await users.list('co_last')).filter(({ role }) => role === 'owner');
  expect(owners).toHaveLength(1);
  expect(await users.change('co_last', owners[0]?.id ?? '', { disabled: true }, new Date())).toBe('last-owner');
});
