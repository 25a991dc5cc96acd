import { randomBytes } from 'node:crypto';
import type { Session, CreatedApiToken } from '../../services/admin/contract/session.js';
import { mongoUri, type TestDatabase } from '../integration/mongo/test-database.js';
import { ask } from './api.js';
import { createUser, PASSWORD } from './identity.js';
import { ServiceProcess } from './service-process.js';

/** The admin process as it runs in production, on a database of a test's own, with an Owner who is signed in. */
export interface AdminProcess {
  readonly service: ServiceProcess;
  readonly url: string;
  readonly companyId: string;
  /** The headers of the Owner's console. */
  readonly owner: Readonly<Record<string, string>>;
  /** The headers of a program with an API token. */
  readonly token: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Compiled code must be there, as for every test with processes. The caller stops it. */
export async function startAdminProcess(
  database: TestDatabase,
  env: Readonly<Record<string, string>> = {},
): Promise<AdminProcess> {
  const companyId = 'co_admin';
  const people = database.db.collection('users');
  if ((await people.countDocuments({ companyId })) === 0)
    await createUser(database.db, companyId, 'olga@example.com', 'owner');
  const service = new ServiceProcess('admin', {
    MONGODB_URI: mongoUri(),
    MONGODB_DATABASE: database.name,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ADMIN_REQUESTS_PER_MINUTE: '10000000',
    ADMIN_TEST_EVENTS_PER_MINUTE: '10000',
    ...env,
  });
  try {
    await service.ready();
    const { port } = await service.logged(({ event }) => event === 'api.listening');
    const url = `http://127.0.0.1:${String(port)}`;
    const owner = await signIn(url);
    const { json } = await ask<CreatedApiToken>(`${url}/api/v1/tokens`, 'POST', {
      body: { name: 'test' },
      headers: owner,
    });
    const token = { authorization: `Bearer ${json.token}` };
    return { service, url, companyId, owner, token, stop: async () => void (await service.stop()) };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

async function signIn(url: string): Promise<Record<string, string>> {
  const body = { email: 'olga@example.com', password: PASSWORD };
  const answer = await ask<Session>(`${url}/api/v1/session`, 'POST', { body });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return { cookie, 'x-csrf-token': answer.json.csrfToken ?? '' };
}
