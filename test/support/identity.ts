import type { AddressInfo } from 'node:net';
import type { Db } from 'mongodb';
import { createPasswords } from '../../services/admin/api/identity/passwords.js';
import type { Routes } from '../../services/admin/api/route.js';
import { createApi } from '../../services/admin/api/server.js';
import { wireIdentity, type IdentitySettings } from '../../services/admin/wiring/identity.js';
import { UserStore } from '../../services/shared/platform/mongo/users.js';
import { ask, type Answer, type RequestOptions } from './api.js';

/** The API with its real identities on a real socket. */
export interface IdentityApi {
  readonly url: string;
  request<T = Record<string, unknown>>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>>;
  close(): Promise<void>;
}

const NO_PROVIDER: IdentitySettings['jwt'] = {
  ...{ jwksUrl: '', issuer: '', audience: '' },
  ...{ companyClaim: 'company_id', roleClaim: 'role', userClaim: 'sub', ownerRole: 'owner', adminRole: 'admin' },
};

export const LOCAL: IdentitySettings = { admin: { authentication: 'local', sessionHours: 1 }, jwt: NO_PROVIDER };

export function jwtSettings(overrides: Partial<IdentitySettings['jwt']>): IdentitySettings {
  return { admin: { authentication: 'jwt', sessionHours: 1 }, jwt: { ...NO_PROVIDER, ...overrides } };
}

export async function startIdentityApi(
  db: Db,
  settings: IdentitySettings = LOCAL,
  routes: readonly Routes[] = [],
): Promise<IdentityApi> {
  const identity = await wireIdentity(db, settings);
  const app = await createApi({
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    version: '0.0.0',
    identify: identity.identify,
    routes: [...identity.routes, ...routes],
    rates: { requestsPerMinute: 1_000_000 },
    // Tests stand behind a proxy of their own, so that each can come from an address of its own.
    trustedProxies: ['127.0.0.1'],
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { url, request: (method, path, options) => ask(url + path, method, options), close: () => app.close() };
}

export const PASSWORD = 'correct horse battery staple';

/** A user who can sign in with PASSWORD; his id. */
export async function createUser(db: Db, companyId: string, email: string, role: string): Promise<string> {
  const passwordHash = await (await createPasswords()).hash(PASSWORD);
  const created = await new UserStore(db).create({ companyId, email, name: email, role, passwordHash }, new Date());
  if (created === 'email-taken') throw new Error(`${email} is taken`);
  return created.id;
}

export interface SignedInBrowser {
  readonly cookie: string;
  /** What a change is sent with. */
  readonly headers: Readonly<Record<string, string>>;
}

export async function signInAs(api: IdentityApi, email: string): Promise<SignedInBrowser> {
  const answer = await api.request<{ csrfToken: string }>('POST', '/api/v1/session', {
    body: { email, password: PASSWORD },
  });
  if (answer.status !== 201) throw new Error(`signing in gave ${answer.status}: ${answer.text}`);
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
  return { cookie, headers: { cookie, 'x-csrf-token': answer.json.csrfToken } };
}
