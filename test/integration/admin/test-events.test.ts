import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createCertificateAuthority } from '../../../deploy/local/receiver/certificate-authority.js';
import { startReceiver, type Receiver } from '../../../deploy/local/receiver/receiver.js';
import { respond } from '../../../deploy/local/receiver/step.js';
import type { AuditPage } from '../../../services/admin/contract/audit.js';
import type { Problem } from '../../../services/admin/contract/problem.js';
import type { TestEventResult } from '../../../services/admin/contract/test-event.js';
import type { WebhookInput } from '../../../services/admin/contract/webhook.js';
import type { WebhookDocument } from '../../../services/shared/platform/mongo/webhook-document.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { principal } from '../../support/api.js';
import { INPUT, startWebhooksApi, type WebhooksApi } from '../../support/webhooks-api.js';
import { inserted, testVault } from '../mongo/fixtures.js';

/** Test events on their real way: the API, the request builder, the guard, TLS to a receiver on loopback. */
const LIMIT = 6;
let api: WebhooksApi;
let receiver: Receiver;

beforeAll(async () => {
  const ca = await createCertificateAuthority();
  receiver = await startReceiver({ ca });
  api = await startWebhooksApi({ allowedNetworks: ['127.0.0.0/8', '::1/128'], ca: ca.certificatePem }, LIMIT);
});
afterAll(async () => {
  await api.end();
  await receiver.close();
});

const send = (body: object) =>
  api.request<TestEventResult & Problem>('POST', '/api/v1/test-events', { body: { eventType: 'call.end', ...body } });

const SECRETS: Pick<WebhookInput, 'authentication' | 'headers'> = {
  authentication: { kind: 'basic', username: 'user', password: 'canary-password' },
  headers: [{ name: 'X-Token', value: 'canary-header' }],
};

test('an unsaved webhook gets a sample of now, and the answer comes back without secrets', async () => {
  api.as(principal('co_unsaved'));
  const echo = respond(201, {
    body: 'you said canary-password and canary-header',
    headers: { 'x-echo': 'canary-header' },
  });
  const { url } = receiver.endpoint('/unsaved', [echo]);
  const { status, json, text } = await send({ webhook: { ...INPUT, ...SECRETS, url } });
  expect([status, json.outcome, json.cause, json.response?.status]).toEqual([200, 'delivered', null, 201]);
  expect(json.response?.body).toBe('you said *** and ***');
  expect(text).not.toContain('canary');
  const [request] = receiver.requests(({ endpoint }) => endpoint === '/unsaved');
  expect(request?.headers).toMatchObject({ 'webhook-attempt': '1', 'x-token': 'canary-header' });
  const body = JSON.parse(request?.body.toString() ?? '') as Record<string, string>;
  expect(body).toMatchObject({ event_type: 'call.end', company_id: 'co_unsaved' });
  expect(body['event_id']).toMatch(/^test_/);
  expect(json.request?.body).toBe(request?.body.toString());
});

test('a failing one leaves no counter, no failure entry and no status behind, but an audit entry', async () => {
  api.as(principal('co_failing'));
  const { url } = receiver.endpoint('/failing', [500]);
  const { id } = await api.created({ ...INPUT, url });
  const { json } = await send({ webhookId: id });
  expect([json.outcome, json.cause?.kind, json.response?.status]).toEqual(['failed', 'server-error', 500]);
  const document = await api.database.db.collection<WebhookDocument>('webhooks').findOne({ _id: id });
  expect(document).toMatchObject({ failures: [], status: 'active', version: 1 });
  expect(await api.database.db.collection('failure_log').countDocuments({})).toBe(0);
  const { items } = (await api.request<AuditPage>('GET', '/api/v1/audit')).json;
  expect(items[0]).toMatchObject({ action: 'webhook.tested', webhookId: id, after: { eventType: 'call.end' } });
});

test('an edit uses the saved secrets, but never for another origin', async () => {
  api.as(principal('co_edit'));
  const { url } = receiver.endpoint('/edit');
  const { id } = await api.created({ ...INPUT, ...SECRETS, url });
  const webhook = {
    ...INPUT,
    url,
    authentication: { kind: 'basic', username: 'other' },
    headers: [{ name: 'X-Token' }],
  };
  expect((await send({ webhookId: id, webhook })).json.outcome).toBe('delivered');
  const [request] = receiver.requests(({ endpoint }) => endpoint === '/edit');
  expect(request?.headers).toMatchObject({
    authorization: `Basic ${Buffer.from('other:canary-password').toString('base64')}`,
    'x-token': 'canary-header',
  });
  const elsewhere = await send({ webhookId: id, webhook: { ...webhook, url: 'https://127.0.0.2/' } });
  expect(elsewhere.json.errors?.map(({ pointer }) => pointer)).toEqual([
    '/webhook/authentication/password',
    '/webhook/headers/0/value',
  ]);
});

test('another company’s webhook is not there', async () => {
  api.as(principal('co_mine'));
  const { id } = await api.created();
  api.as(principal('co_theirs'));
  expect((await send({ webhookId: id })).status).toBe(404);
});

test.each<[string, object, readonly string[]]>([
  ['no webhook', {}, ['/webhookId']],
  ['an unknown event', { webhookId: 'wh', eventType: 'call.ringing' }, ['/eventType']],
  ['an operator', { webhookId: ['wh'] }, ['/webhookId']],
])('wrong input is told by field: %s', async (_, body, expected) => {
  api.as(principal('co_wrong'));
  const { status, json } = await send(body);
  expect([status, json.errors?.map(({ pointer }) => pointer)]).toEqual([422, expected]);
});

test('a header that was written around the API is still not sent', async () => {
  api.as(principal('co_injected'));
  let connections = 0;
  const raw: Server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  try {
    const url = `https://127.0.0.1:${(raw.address() as AddressInfo).port}/`;
    const store = new WebhookStore({ db: api.database.db, vault: testVault(api.database.db) });
    const headers = [{ name: 'Content-Length', value: '3' }];
    const webhookId = await inserted(store, 'co_injected', { url, headers });
    const { json } = await send({ webhookId });
    expect([json.outcome, json.cause?.kind, json.request]).toEqual(['failed', 'invalid-request', null]);
    expect(connections).toBe(0);
  } finally {
    await new Promise((resolve) => raw.close(resolve));
  }
});

test('a company may send so many per minute, and no more', async () => {
  api.as(principal('co_eager'));
  const { url } = receiver.endpoint('/eager');
  const answers = [];
  for (let n = 0; n < LIMIT + 1; n += 1) answers.push(await send({ webhook: { ...INPUT, url } }));
  expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: LIMIT }, () => 200), 429]);
  expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(receiver.requests(({ endpoint }) => endpoint === '/eager')).toHaveLength(LIMIT);
});
