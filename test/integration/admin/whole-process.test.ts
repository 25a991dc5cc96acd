import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request as openRequest } from 'node:http';
import { ACCESS, type RouteName } from '../../../services/admin/api/access.js';
import type { CreatedApiToken, Session } from '../../../services/admin/contract/session.js';
import type { Webhook } from '../../../services/admin/contract/webhook.js';
import type { FailureDocument } from '../../../services/shared/platform/mongo/failure-document.js';
import { startAdminProcess, type AdminProcess } from '../../support/admin-process.js';
import { ask, type Answer, type RequestOptions } from '../../support/api.js';
import { failureDocument } from '../../support/failure-documents.js';
import { createUser, PASSWORD } from '../../support/identity.js';
import { until } from '../../support/waiting.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

/** The admin process with all its routes: what one company can learn of another, what is refused, what is logged. */
let database: TestDatabase;
let admin: AdminProcess;
let other: Readonly<Record<string, string>>;
let foreign: { readonly webhookId: string; readonly attemptId: string; readonly tokenId: string };

const CANARIES = {
  password: 'canary-password-9d1f',
  header: 'canary-header-77aa',
  apiKey: 'canary-api-key-c0de',
  url: 'canary-in-the-query-31',
};
const BODY = {
  url: 'https://127.0.0.1:49151/hook',
  authentication: { kind: 'basic', username: 'ann', password: 'a long enough password' },
  headers: [],
  events: ['call.end'],
};

beforeAll(async () => {
  database = await openTestDatabase();
  admin = await startAdminProcess(database, { DELIVERY_ALLOWED_NETWORKS: '127.0.0.0/8', LOG_LEVEL: 'debug' });
  await createUser(database.db, 'co_other', 'other@example.com', 'owner');
  const signedIn = await call<Session>('POST', '/api/v1/session', {
    body: { email: 'other@example.com', password: PASSWORD },
  });
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  other = { cookie, 'x-csrf-token': signedIn.json.csrfToken ?? '' };
  const webhook = await call<Webhook>('POST', '/api/v1/webhooks', { body: BODY, headers: other });
  const entry = failureDocument(1, { companyId: 'co_other', webhookId: webhook.json.id });
  await database.db.collection<FailureDocument>('failure_log').insertOne(entry);
  const token = await call<CreatedApiToken>('POST', '/api/v1/tokens', { body: { name: 'x' }, headers: other });
  foreign = { webhookId: webhook.json.id, attemptId: entry._id, tokenId: token.json.details.id };
}, 120_000);

afterAll(async () => {
  await admin?.stop();
  await database?.end();
});

function call<T = Record<string, unknown>>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>> {
  return ask<T>(admin.url + path, method, options);
}

const BODIES: Partial<Record<RouteName, unknown>> = {
  'webhooks.replace': BODY,
  'webhooks.delete': { confirm: 'DELETE' },
};
const QUERIES: Partial<Record<RouteName, string>> = {
  'failures.export': '?format=ndjson',
  'figures.read': '?window=1h',
};
const WITH_IDS = (Object.keys(ACCESS) as RouteName[]).filter((name) => ACCESS[name].path.includes(':'));

describe('an id of another company', () => {
  const addressOf = (name: RouteName, ids: Readonly<Record<string, string>>): string =>
    ACCESS[name].path.replace(/:(\w+)/g, (_, id: string) => encodeURIComponent(ids[id] ?? '')) + (QUERIES[name] ?? '');
  const answerTo = async (name: RouteName, ids: Readonly<Record<string, string>>, who = admin.owner) => {
    const body = BODIES[name] === undefined ? {} : { body: BODIES[name] };
    const headers = { ...who, 'if-match': '*' };
    const { status, json, headers: got } = await call(ACCESS[name].method, addressOf(name, ids), { ...body, headers });
    return { status, problem: { ...json, requestId: '' }, etag: got.get('etag'), type: got.get('content-type') };
  };
  const random = { webhookId: 'wh_AAAAAAAAAAAAAAAA', attemptId: 'msg_AAAAAAAAAAAA:1', tokenId: 'AAAAAAAAAAAA' };

  test.each(WITH_IDS)('is answered as a random one: %s', async (name) => {
    const answer = await answerTo(name, foreign);
    expect(answer.status).toBe(404);
    expect(answer).toEqual(await answerTo(name, random));
  });

  test('in a test event, or in the filter of the audit log, leads nowhere', async () => {
    const body = { eventType: 'call.end', webhookId: foreign.webhookId };
    expect((await call('POST', '/api/v1/test-events', { body, headers: admin.owner })).status).toBe(404);
    const audit = await call('GET', `/api/v1/audit?webhookId=${foreign.webhookId}`, { headers: admin.owner });
    expect(audit.json['items']).toEqual([]);
  });

  test('leaves what it names as it was, and its own company still reaches it', async () => {
    const { status, json } = await call<Webhook>('GET', `/api/v1/webhooks/${foreign.webhookId}`, { headers: other });
    expect([status, json.status, json.version]).toEqual([200, 'active', 1]);
    expect((await answerTo('failures.read', foreign, other)).status).toBe(200);
  });

  test('a company or role that a body names is not believed: the field is unknown', async () => {
    const body = { ...BODY, companyId: 'co_other', role: 'owner' };
    const { status, json } = await call<{ errors: { pointer: string }[] }>('POST', '/api/v1/webhooks', {
      body,
      headers: admin.owner,
    });
    expect(status).toBe(422);
    expect(json.errors.map(({ pointer }) => pointer).sort()).toEqual(['/companyId', '/role']);
  });
});

test('the failure log of a webhook is gone with it, at once, though it was just read', async () => {
  const { json } = await call<Webhook>('POST', '/api/v1/webhooks', { body: BODY, headers: other });
  const read = async () => (await call('GET', `/api/v1/webhooks/${json.id}/failures`, { headers: other })).status;
  expect(await read()).toBe(200);
  const headers = { ...other, 'if-match': '*' };
  await call('DELETE', `/api/v1/webhooks/${json.id}`, { body: { confirm: 'DELETE' }, headers });
  expect(await read()).toBe(404);
});

describe('what is refused before a route is reached', () => {
  const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

  test.each<[string, string, Record<string, string>, number]>([
    ['a body of more than 100 KB', JSON.stringify({ name: 'x'.repeat(101 * 1024) }), {}, 413],
    ['a body of more than 20 levels', deep(21), {}, 400],
    ['__proto__', '{"name":"x","__proto__":{"role":"owner"}}', {}, 400],
    ['constructor.prototype', '{"name":"x","constructor":{"prototype":{}}}', {}, 400],
    ['an operator of MongoDB', '{"name":{"$ne":null}}', {}, 400],
    ['half a JSON', '{"name":', {}, 400],
    ['a form', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['text', '{"name":"x"}', { 'content-type': 'text/plain' }, 415],
  ])('%s', async (_, body, headers, status) => {
    const answer = await call('POST', '/api/v1/tokens', { body, headers: { ...admin.owner, ...headers } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.json['requestId']).toBe(answer.headers.get('x-request-id'));
  });

  test('1,000 headers in a webhook, each told of at once or by its number', async () => {
    const headers = Array.from({ length: 1_000 }, (_, index) => ({ name: `X-${index}`, value: '1' }));
    const { status, json } = await call<{ errors: { pointer: string; message: string }[] }>(
      'POST',
      '/api/v1/webhooks',
      {
        body: { ...BODY, headers },
        headers: admin.owner,
      },
    );
    expect(status).toBe(422);
    expect(json.errors.map(({ pointer }) => pointer)).toContain('/headers');
  });
});

test('canaries of every secret are in no line of the log, no answer and no document', async () => {
  const first = {
    url: `https://127.0.0.1:49151/hook?key=${CANARIES.url}`,
    authentication: { kind: 'basic', username: 'ann', password: CANARIES.password },
    headers: [{ name: 'X-Custom', value: CANARIES.header }],
    events: ['call.end'],
  };
  const { headers } = { headers: admin.owner };
  const answers: Answer<unknown>[] = [];
  const keep = async <T>(answer: Promise<Answer<T>>): Promise<Answer<T>> => {
    answers.push(await answer);
    return answer;
  };
  const created = await call<Webhook>('POST', '/api/v1/webhooks', { body: first, headers });
  expect(created.status).toBe(201);
  const address = `/api/v1/webhooks/${created.json.id}`;
  const second = {
    ...first,
    authentication: { kind: 'api-key', placement: 'query', name: 'k', value: CANARIES.apiKey },
  };
  const ifMatch = { ...headers, 'if-match': '"1"' };
  expect((await call('PUT', address, { body: second, headers: ifMatch })).status).toBe(200);
  await keep(
    call('POST', '/api/v1/test-events', { body: { eventType: 'call.end', webhookId: created.json.id }, headers }),
  );
  await keep(call('POST', '/api/v1/test-events', { body: { eventType: 'call.end', webhook: first }, headers }));
  // Wrong on purpose: a refusal must not quote what it refuses.
  await keep(call('POST', '/api/v1/webhooks', { body: { ...first, events: [] }, headers }));
  await keep(call('POST', '/api/v1/webhooks', { body: `{"x":"${CANARIES.password}`, headers }));
  await keep(call('GET', '/api/v1/audit', { headers }));
  expect((await call('DELETE', address, { body: { confirm: 'DELETE' }, headers })).status).toBe(204);
  await keep(call('GET', '/api/v1/audit', { headers }));

  const collections = await database.db.listCollections().toArray();
  const documents = await Promise.all(collections.map(({ name }) => database.db.collection(name).find().toArray()));
  const places = [...answers.map(({ text }) => text), admin.service.raw.join('\n'), JSON.stringify(documents)];
  expect(admin.service.raw.join('\n')).toContain('request.answered');
  for (const canary of Object.values(CANARIES)) for (const place of places) expect(place).not.toContain(canary);
});

test('too many requests are told when to come back', async () => {
  const limited = await startAdminProcess(database, { ADMIN_REQUESTS_PER_MINUTE: '10' });
  try {
    const statuses = new Set<number>();
    for (let turn = 0; turn < 15; turn++) {
      const answer = await ask(`${limited.url}/api/v1/session`, 'GET', { headers: limited.token });
      statuses.add(answer.status);
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect([...statuses]).toEqual([200, 429]);
  } finally {
    await limited.stop();
  }
}, 60_000);

test('asked to end, it answers what is under way, takes nothing new and ends with 0', async () => {
  const ending = await startAdminProcess(database);
  const { port } = new URL(ending.url);
  const headers = { ...ending.owner, 'content-type': 'application/json', 'content-length': '14' };
  const underWay = openRequest({ port, host: '127.0.0.1', method: 'POST', path: '/api/v1/tokens', headers });
  const answered = new Promise<number>((resolve, reject) => {
    underWay.once('response', ({ statusCode = 0 }) => resolve(statusCode));
    underWay.once('error', reject);
  });
  await new Promise<void>((resolve) => underWay.write('{"name":', () => resolve()));
  // Its guard has looked the session up: the request is being worked on.
  await ask(`${ending.url}/api/v1/session`, 'GET', { headers: ending.owner });
  const stopped = ending.service.stop();
  await ending.service.logged(({ event }) => event === 'service.stopping');
  underWay.end('"x"}  ');
  expect(await answered).toBe(201);
  expect(await stopped).toBe(0);
  await until(
    () =>
      ask(ending.url, 'GET').then(
        () => 'answers',
        () => 'refused',
      ),
    (told) => told === 'refused',
  );
}, 60_000);
