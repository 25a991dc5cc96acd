import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditPage } from '../../../services/admin/contract/audit.js';
import type { Problem } from '../../../services/admin/contract/problem.js';
import type { Webhook, WebhookInput, WebhookList } from '../../../services/admin/contract/webhook.js';
import type { WebhookDocument } from '../../../services/shared/platform/mongo/webhook-document.js';
import { principal } from '../../support/api.js';
import { ADDRESS, INPUT, startWebhooksApi, type WebhooksApi } from '../../support/webhooks-api.js';

/** Webhooks as Owners and Admins manage them, against the real MongoDB. Each test asks for a company of its own. */
let api: WebhooksApi;
let company = 0;

beforeAll(async () => {
  api = await startWebhooksApi();
});
afterAll(() => api.end());
beforeEach(() => {
  company += 1;
  api.as(principal(`co_${company}`));
});

const problem = (answer: { readonly json: unknown }) => answer.json as Problem;
const pointers = (answer: { readonly json: unknown }) => problem(answer).errors?.map(({ pointer }) => pointer);
const replaced = (webhook: Webhook, body: object, ifMatch = `"${webhook.version}"`) =>
  api.webhook('PUT', `/${webhook.id}`, { body, headers: { 'if-match': ifMatch } });
const trail = async () => (await api.request<AuditPage>('GET', '/api/v1/audit')).json.items;
const stored = (id: string) => api.database.db.collection<WebhookDocument>('webhooks').findOne({ _id: id });

const SECRETIVE: WebhookInput = {
  ...INPUT,
  authentication: { kind: 'basic', username: 'user', password: 'canary-password-1234' },
  headers: [
    { name: 'X-Token', value: 'short' },
    { name: 'X-Empty', value: '' },
  ],
};

describe('a webhook', () => {
  test('is created Active, read under its address, and stands in the list', async () => {
    const answer = await api.webhook('POST', '', { body: INPUT });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ ...INPUT, status: 'active', version: 1, circuit: null });
    expect(answer.headers.get('etag')).toBe('"1"');
    const again = await api.request<Webhook>('GET', answer.headers.get('location') ?? '');
    expect(again.json).toEqual(answer.json);
    const { json } = await api.request<WebhookList>('GET', ADDRESS);
    expect(json.limit).toBe(10);
    expect(json.items).toMatchObject([{ id: answer.json.id, url: INPUT.url, lastDeliveryAt: null }]);
  });

  test('tells of its secrets that they are set, and four characters of the long ones', async () => {
    const { json, text } = await api.webhook('POST', '', { body: SECRETIVE });
    expect(json.authentication).toEqual({
      kind: 'basic',
      username: 'user',
      password: { isSet: true, last4: '1234' },
    });
    expect(json.headers).toEqual([
      { name: 'X-Token', value: { isSet: true, last4: null } },
      { name: 'X-Empty', value: { isSet: false, last4: null } },
    ]);
    expect(text).not.toContain('canary');
  });

  test('that is Failed shows its circuit and what is held for it', async () => {
    const { id } = await api.created();
    const circuit = { openedAt: new Date(1_000), probes: 2, nextProbeAt: new Date(9_000) };
    const webhooks = api.database.db.collection<WebhookDocument>('webhooks');
    await webhooks.updateOne({ _id: id }, { $set: { status: 'failed', statusReason: 'because', circuit } });
    const { json } = await api.webhook('GET', `/${id}`);
    expect(json).toMatchObject({
      status: 'failed',
      statusReason: 'because',
      circuit: {
        failedAt: '1970-01-01T00:00:01.000Z',
        probes: 2,
        nextProbeAt: '1970-01-01T00:00:09.000Z',
        heldEvents: 0,
      },
    });
  });

  test('is deleted for the word DELETE alone', async () => {
    const { id } = await api.created();
    for (const body of [{ confirm: 'delete' }, {}, { confirm: 'DELETE', more: 1 }])
      expect((await api.webhook('DELETE', `/${id}`, { body })).status).toBe(422);
    expect((await api.webhook('DELETE', `/${id}`, { body: { confirm: 'DELETE' } })).status).toBe(204);
    expect((await api.webhook('GET', `/${id}`)).status).toBe(404);
  });

  test('of another company is answered exactly as one that never was', async () => {
    const { id } = await api.created();
    api.as(principal('co_stranger'));
    const asks = (webhookId: string) =>
      Promise.all([
        api.webhook('GET', `/${webhookId}`),
        api.webhook('PUT', `/${webhookId}`, { body: INPUT, headers: { 'if-match': '*' } }),
        api.webhook('POST', `/${webhookId}/enable`),
        api.webhook('POST', `/${webhookId}/disable`),
        api.webhook('DELETE', `/${webhookId}`, { body: { confirm: 'DELETE' } }),
      ]);
    const plain = async (webhookId: string) =>
      (await asks(webhookId)).map(({ status, json }) => [status, { ...json, requestId: '' }]);
    const foreign = await plain(id);
    expect(foreign.map(([status]) => status)).toEqual([404, 404, 404, 404, 404]);
    expect(foreign).toEqual(await plain('wh_random'));
    expect((await stored(id))?.version).toBe(1);
  });
});

describe('a replacement', () => {
  test('needs the version that it was made from', async () => {
    const webhook = await api.created();
    const without = await api.webhook('PUT', `/${webhook.id}`, { body: INPUT });
    expect([without.status, problem(without).type]).toEqual([428, 'urn:webhook-v2:problem:version-required']);
    for (const tag of ['"2"', 'W/"1"', '1', 'nonsense']) expect((await replaced(webhook, INPUT, tag)).status).toBe(412);
    const changed = await replaced(webhook, { ...INPUT, events: ['call.end'] }, '"7", "1"');
    expect([changed.status, changed.headers.get('etag'), changed.json.events]).toEqual([200, '"2"', ['call.end']]);
    expect((await replaced(webhook, INPUT)).status).toBe(412);
    expect((await replaced(webhook, INPUT, '*')).json.version).toBe(3);
  });

  test('wins over all others that were made from the same version, alone', async () => {
    const webhook = await api.created();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => replaced(webhook, { ...INPUT, url: `https://receiver.example/${n}` })),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19);
    const { json } = await api.webhook('GET', `/${webhook.id}`);
    expect([json.version, json.url]).toEqual([2, won[0]?.json.url]);
    expect((await trail()).filter(({ action }) => action === 'webhook.replaced')).toHaveLength(1);
  });

  test('that changes nothing makes no version and leaves no trace', async () => {
    const webhook = await api.created(SECRETIVE);
    const same = await replaced(webhook, SECRETIVE);
    const kept = await replaced(webhook, {
      ...SECRETIVE,
      authentication: { kind: 'basic', username: 'user' },
      headers: [{ name: 'X-Token' }, { name: 'X-Empty' }],
    });
    expect([same.json, kept.json]).toEqual([webhook, webhook]);
    expect(await trail()).toHaveLength(1);
  });

  test('keeps the secrets that it leaves out', async () => {
    const webhook = await api.created(SECRETIVE);
    const { json, status } = await replaced(webhook, {
      ...SECRETIVE,
      url: 'https://receiver.example/elsewhere?a=b',
      authentication: { kind: 'basic', username: 'other' },
      headers: [{ name: 'x-token' }],
    });
    expect(status).toBe(200);
    expect(json.authentication).toEqual({
      kind: 'basic',
      username: 'other',
      password: { isSet: true, last4: '1234' },
    });
    expect(json.headers).toEqual([{ name: 'x-token', value: { isSet: true, last4: null } }]);
  });

  test('asks for the secrets again when the address changed to another host', async () => {
    const webhook = await api.created(SECRETIVE);
    const answer = await replaced(webhook, {
      ...SECRETIVE,
      url: 'https://receiver.example:8443/hook',
      authentication: { kind: 'basic', username: 'user' },
      headers: [{ name: 'X-Token' }, { name: 'X-Empty' }, { name: 'X-New' }],
    });
    expect(answer.status).toBe(422);
    expect(problem(answer).errors).toEqual([
      {
        pointer: '/authentication/password',
        code: 'origin-changed',
        message: 'The address changed to another host: type the password again.',
      },
      {
        pointer: '/headers/0/value',
        code: 'origin-changed',
        message: 'The address changed to another host: type the value again.',
      },
    ]);
  });

  test('asks for secrets again that can’t be read any more', async () => {
    const webhook = await api.created(SECRETIVE);
    const copied = await api.created({ ...SECRETIVE, url: 'https://other.example/' });
    const foreign = await stored(copied.id);
    await api.database.db
      .collection<WebhookDocument>('webhooks')
      .updateOne({ _id: webhook.id }, { $set: { authentication: foreign?.authentication ?? { kind: 'none' } } });
    const shown = await api.webhook('GET', `/${webhook.id}`);
    expect(shown.json.authentication).toMatchObject({ password: { isSet: true, last4: null } });
    const answer = await replaced(webhook, { ...SECRETIVE, authentication: { kind: 'basic', username: 'user' } });
    expect(pointers(answer)).toEqual(['/authentication/password']);
    expect((await replaced(webhook, SECRETIVE)).status).toBe(200);
  });
});

describe('enabling and disabling', () => {
  test('switch the status, with or without a version', async () => {
    const { id } = await api.created();
    const disabled = await api.webhook('POST', `/${id}/disable`, { headers: { 'if-match': '"1"' } });
    expect([disabled.status, disabled.json.status, disabled.json.version]).toEqual([200, 'inactive', 2]);
    expect((await api.webhook('POST', `/${id}/disable`)).json.version).toBe(2);
    expect((await api.webhook('POST', `/${id}/enable`, { headers: { 'if-match': '"1"' } })).status).toBe(412);
    expect((await api.webhook('POST', `/${id}/enable`)).json).toMatchObject({ status: 'active', version: 3 });
  });
});

describe('at most ten webhooks', () => {
  test('are created when fifty requests race, and the eleventh is told why', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.webhook('POST', '', { body: INPUT })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(40);
    expect(problem(refused[0] as never).detail).toBe('A company can have at most 10 webhooks: delete one first.');
    expect((await api.request<WebhookList>('GET', ADDRESS)).json.items).toHaveLength(10);
    expect(await trail()).toHaveLength(10);
  });
});

describe('an Idempotency-Key', () => {
  const create = (key: string, body: object = SECRETIVE) =>
    api.webhook('POST', '', { body, headers: { 'idempotency-key': key } });

  test('creates one webhook, however many requests race, and gives all the same answer', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create('racing')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect((await api.request<WebhookList>('GET', ADDRESS)).json.items).toHaveLength(1);
    expect(await trail()).toHaveLength(1);
  });

  test('belongs to one input and to one company', async () => {
    const first = await create('key');
    expect((await create('key', { ...SECRETIVE, headers: [] })).status).toBe(409);
    api.as(principal('co_another'));
    const other = await create('key');
    expect(other.status).toBe(201);
    expect(other.json.id).not.toBe(first.json.id);
  });

  test('of a refused creation may be used again', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 1) ids.push((await api.created()).id);
    expect((await create('later')).status).toBe(409);
    await api.webhook('DELETE', `/${ids[0]}`, { body: { confirm: 'DELETE' } });
    expect((await create('later')).status).toBe(201);
  });

  test.each(['', 'with space', 'ü', 'x'.repeat(256)])('that can’t be one is refused: %j', async (key) => {
    expect((await create(encodeHeader(key))).status).toBe(400);
  });
});

/** fetch refuses what Latin-1 can't hold; the server reads bytes. */
function encodeHeader(text: string): string {
  return Buffer.from(text).toString('latin1');
}

describe('the audit log', () => {
  test('tells who changed what, before and after, with no secret', async () => {
    const webhook = await api.created({ ...SECRETIVE, url: 'https://receiver.example/hook?key=canary-query' });
    await replaced(webhook, { ...SECRETIVE, events: ['call.end'] });
    await api.webhook('POST', `/${webhook.id}/disable`);
    await api.webhook('DELETE', `/${webhook.id}`, { body: { confirm: 'DELETE' } });
    const items = await trail();
    expect(items.map(({ action }) => action)).toEqual([
      'webhook.deleted',
      'webhook.disabled',
      'webhook.replaced',
      'webhook.created',
    ]);
    expect(new Set(items.map(({ webhookId }) => webhookId))).toEqual(new Set([webhook.id]));
    expect(items[0]).toMatchObject({ actor: { kind: 'user', name: 'Olga Owner' }, after: null });
    expect(items[1]).toMatchObject({ before: { status: 'active' }, after: { status: 'inactive' } });
    expect(items[2]).toMatchObject({
      before: { url: 'https://receiver.example/hook?key=***', events: ['call.end', 'message.received'] },
      after: { url: 'https://receiver.example/hook', events: ['call.end'] },
    });
    expect(items[3]?.after).toMatchObject({ authentication: { kind: 'basic', username: 'user', password: '***' } });
    expect(JSON.stringify(items)).not.toContain('canary');
  });

  test('is read page by page, and stays right when entries are added meanwhile', async () => {
    const { id } = await api.created();
    const press = async (times: number) => {
      for (let n = 0; n < times; n += 1) await api.webhook('POST', `/${id}/${n % 2 === 0 ? 'disable' : 'enable'}`);
    };
    await press(6);
    const expected = (await trail()).map((entry) => entry.id);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { json } = await api.request<AuditPage>('GET', `/api/v1/audit?limit=3${at}`);
      seen.push(...json.items.map((entry) => entry.id));
      cursor = json.nextCursor;
      await press(2);
    }
    expect(seen).toEqual(expected);
    expect((await api.request('GET', '/api/v1/audit?cursor=nonsense')).status).toBe(400);
  });

  test('is the Owner’s alone', async () => {
    api.as(principal(`co_${company}`, { role: 'admin' }));
    expect((await api.request('GET', '/api/v1/audit')).status).toBe(403);
  });
});
