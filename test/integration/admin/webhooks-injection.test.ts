import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CommandStartedEvent, Document } from 'mongodb';
import { ADDRESS, INPUT, startWebhooksApi, type WebhooksApi } from '../../support/webhooks-api.js';

/** RELIABILITY.md, 39: an operator in any input never reaches the driver, and every filter names the company. */
let api: WebhooksApi;

beforeAll(async () => {
  api = await startWebhooksApi();
});
afterAll(() => api.end());

const OPERATORS = [{ $ne: null }, { $gt: '' }, { $where: '1' }, ['x'], { 'a.b': 1 }];
const OURS = ['webhooks', 'audit_log', 'idempotency_keys', 'held_deliveries', 'recoveries'];

test('operators are refused before the driver', async () => {
  const { id } = await api.created();
  api.database.commands.length = 0;
  const bodies = OPERATORS.flatMap((operator) => [
    operator,
    { ...INPUT, url: operator },
    { ...INPUT, authentication: operator },
    { ...INPUT, authentication: { kind: 'basic', username: operator, password: operator } },
    { ...INPUT, headers: [{ name: operator, value: operator }] },
    { ...INPUT, events: [operator] },
  ]);
  for (const body of bodies) {
    const answers = await Promise.all([
      api.request('POST', ADDRESS, { body, headers: { 'idempotency-key': '{"$ne":null}' } }),
      api.request('PUT', `${ADDRESS}/${id}`, { body, headers: { 'if-match': '*' } }),
      api.request('DELETE', `${ADDRESS}/${id}`, { body: { confirm: body } }),
      api.request('POST', '/api/v1/test-events', { body: { eventType: 'call.end', webhook: body } }),
      api.request('GET', `${ADDRESS}/${encodeURIComponent(JSON.stringify(body)).slice(0, 200)}`),
      api.request('GET', `/api/v1/audit?webhookId[$ne]=1`),
    ]);
    for (const { status } of answers) expect([400, 404, 422]).toContain(status);
  }
  for (const { command } of api.database.commands.filter(isOurs))
    for (const filter of filtersOf(command)) expect(operatorsIn(filter)).toEqual([]);
});

test('every command names the company', async () => {
  api.database.commands.length = 0;
  const webhook = await api.created();
  await api.webhook('PUT', `/${webhook.id}`, {
    body: { ...INPUT, events: ['call.end'] },
    headers: { 'if-match': '"1"' },
  });
  await api.webhook('POST', `/${webhook.id}/disable`);
  await api.request('GET', ADDRESS);
  await api.request('GET', '/api/v1/audit');
  await api.webhook('DELETE', `/${webhook.id}`, { body: { confirm: 'DELETE' } });
  const filters = api.database.commands.filter(isOurs).flatMap(({ command }) => filtersOf(command));
  expect(filters.length).toBeGreaterThan(10);
  // A list is read together with those of other companies that were asked for at the same instant: here, with none.
  for (const { companyId } of filters) expect(['co_a', { $in: ['co_a'] }]).toContainEqual(companyId);
});

function isOurs({ command }: CommandStartedEvent): boolean {
  return Object.values(command).some((value) => typeof value === 'string' && OURS.includes(value));
}

type Fields = Readonly<Record<string, unknown>>;

function filtersOf(command: Document): Fields[] {
  const fields = command as Readonly<Record<string, unknown>>;
  const list = (name: string): Fields[] => (fields[name] ?? []) as Fields[];
  return [
    ...['filter', 'query'].filter((name) => name in fields).map((name) => fields[name] as Fields),
    ...[...list('updates'), ...list('deletes')].map((write) => write['q'] as Fields),
    ...list('documents'),
    ...list('pipeline').flatMap(({ $match }) => ($match === undefined ? [] : [$match as Fields])),
  ];
}

/** None of the filters of these requests needs one of ours. */
function operatorsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name.startsWith('$') ? [name] : []),
    ...operatorsIn(inner),
  ]);
}
