import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EventCatalogue } from '../../../services/admin/contract/events.js';
import { eventRoutes } from '../../../services/admin/api/routes/events.js';
import { readEventSamples } from '../../../services/shared/platform/avro/event-samples.js';
import { EVENT_TYPES } from '../../../services/shared/core/vocabulary.js';
import { principal, startTestApi, type TestApi } from '../../support/api.js';

/** What holds for every route of the API: proofs, refusals, headers. No server but the API's own is needed. */
let api: TestApi;

beforeAll(async () => {
  const samples = readEventSamples();
  api = await startTestApi([eventRoutes({ sampleOf: (type) => samples[type] })], principal('co_a'));
});
afterAll(() => api.close());

test('the catalogue has all 14 sub-events in two groups, each with its sample', async () => {
  const { status, json } = await api.request<EventCatalogue>('GET', '/api/v1/events');
  expect(status).toBe(200);
  const { groups } = json;
  expect(groups.map(({ label, events }) => [label, events.length])).toEqual([
    ['Call events', 6],
    ['WhatsApp events', 8],
  ]);
  const events = groups.flatMap((group) => group.events);
  expect(events.map(({ type }) => type)).toEqual([...EVENT_TYPES]);
  expect(events.filter(({ type, sample }) => (sample as { event_type: string }).event_type !== type)).toEqual([]);
});

test('the OpenAPI document is version 3.1 and names the routes', async () => {
  const { json } = await api.request('GET', '/api/openapi.json');
  expect(json.openapi).toBe('3.1.0');
  expect(Object.keys(json.paths as object)).toContain('/api/v1/events');
  expect((await api.request('GET', '/api/docs/')).status).toBe(200);
});

describe('refusals', () => {
  test('nobody who is not signed in gets anything but 401', async () => {
    api.as(undefined);
    const { status, headers, json } = await api.request('GET', '/api/v1/events');
    api.as(principal('co_a'));
    expect([status, headers.get('content-type'), json.type]).toEqual([
      401,
      'application/problem+json',
      'urn:webhook-v2:problem:unauthenticated',
    ]);
  });

  test.each([
    ['an address that is not there', 'GET', '/api/v1/nothing', undefined, 404],
    ['a query that is an operator', 'GET', '/api/v1/events?a[$ne]=1', undefined, 400],
    ['a malformed address', 'GET', '/api/v1/events/%E0%A4%A', undefined, 400],
  ])('%s', async (_, method, path, body, expected) => {
    const { status, json, text } = await api.request(method, path, { body });
    expect([status, json.status]).toEqual([expected, expected]);
    expect(text).not.toMatch(/at .*\.(?:ts|js):\d+/);
  });

  test('every answer has a request id and the headers that keep browsers safe', async () => {
    const { headers, json } = await api.request('GET', '/api/v1/nothing');
    expect(headers.get('x-request-id')).toBe(json.requestId);
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
  });
});
