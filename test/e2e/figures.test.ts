import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Figures } from '../../services/admin/contract/figures.js';
import type { WebhookList } from '../../services/admin/contract/webhook.js';
import { ask } from '../support/api.js';
import { createUser, signInAs, type IdentityApi } from '../support/identity.js';
import { event, startSystem, type System } from '../support/system.js';
import { until } from '../support/waiting.js';

/**
 * From an attempt at a customer's endpoint to what the Owner reads of it: counted by the delivery process, rolled up in
 * MongoDB, added up by the admin process. Attempts are counted, so an event that came at its second try counts as one
 * failure and one delivery.
 */
const COMPANY = 'co_figures';
const OTHER = 'co_other';
let system: System;
let api: IdentityApi;

beforeAll(async () => {
  system = await startSystem(['call-consumer', 'delivery-consumer', 'retry-consumer', 'admin']);
  for (const companyId of [COMPANY, OTHER])
    await createUser(system.mongo.db, companyId, `owner@${companyId}.example`, 'owner');
  const listening = await system.services.get('admin')?.logged((line) => line.event === 'api.listening');
  const url = `http://127.0.0.1:${String(listening?.['port'])}`;
  api = {
    url,
    request: (method, path, options) => ask(url + path, method, options),
    close: () => Promise.resolve(),
  };
}, 120_000);

afterAll(async () => {
  await system?.close();
}, 60_000);

test('what was delivered and what failed stands in figures and list, and the neighbour’s stand apart', async () => {
  const startedAt = Date.now();
  system.receiver.endpoint('/counted', [500, 200]);
  const webhookId = await system.webhook(COMPANY, '/counted');
  const untouched = await system.webhook(OTHER, '/never');
  await system.produce([event('call.initiated', COMPANY)]);
  await system.receiver.waitFor((requests) => requests.length >= 1, 30_000);
  await system.produce(Array.from({ length: 4 }, () => event('call.initiated', COMPANY)));
  await system.receiver.waitFor((requests) => requests.length >= 6, 30_000);

  const owner = await signInAs(api, `owner@${COMPANY}.example`);
  const figuresOf = async (window: string): Promise<Figures> => {
    const path = `/api/v1/webhooks/${webhookId}/figures?window=${window}`;
    return (await api.request<Figures>('GET', path, { headers: owner.headers })).json;
  };
  await until(
    () => figuresOf('1h'),
    ({ deliveries, failures }) => deliveries === 5 && failures === 1,
  );
  for (const window of ['1h', '24h', '7d']) {
    const figures = await figuresOf(window);
    expect(figures).toMatchObject({ window, deliveries: 5, failures: 1, successRate: 5 / 6 });
    expect(figures.p50Ms).toBeGreaterThan(0);
    expect(figures.p99Ms).toBeGreaterThanOrEqual(figures.p50Ms ?? Infinity);
    expect(figures.series.reduce((sum, point) => sum + point.deliveries, 0)).toBe(5);
    expect(figures.series.reduce((sum, point) => sum + point.failures, 0)).toBe(1);
  }

  const { items } = await until(
    async () => (await api.request<WebhookList>('GET', '/api/v1/webhooks', { headers: owner.headers })).json,
    ({ items }) => items[0]?.last24h.deliveries === 5,
  );
  const [row] = items;
  expect(items).toHaveLength(1);
  expect(row?.last24h).toMatchObject({ failures: 1, successRate: 5 / 6 });
  expect(row?.last24h.p50Ms.filter((ms) => ms !== null).length).toBeGreaterThanOrEqual(1);
  expect(Date.parse(row?.lastDeliveryAt ?? '')).toBeGreaterThanOrEqual(startedAt);

  const other = await signInAs(api, `owner@${OTHER}.example`);
  const foreign = await api.request('GET', `/api/v1/webhooks/${webhookId}/figures`, { headers: other.headers });
  expect(foreign.status).toBe(404);
  const own = await api.request<Figures>('GET', `/api/v1/webhooks/${untouched}/figures`, { headers: other.headers });
  expect(own.json).toMatchObject({ deliveries: 0, failures: 0, successRate: null, p50Ms: null });
}, 90_000);
