import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CompressionTypes } from 'kafkajs';
import { EVENT_TYPES } from '../../services/shared/core/vocabulary.js';
import { respond } from '../../deploy/local/receiver/step.js';
import type { RecordedRequest } from '../../deploy/local/receiver/recorded-request.js';
import { bodyOf, eventIdOf } from '../support/bodies.js';
import { event, startSystem, type System } from '../support/system.js';
import { pause, until } from '../support/waiting.js';

/**
 * The whole path, real servers and real processes: what a pipeline produces arrives at the customer's endpoint, as
 * PRODUCT.md's section "Delivery" promises it.
 */
let system: System;
let company = 0;
const newCompany = (): string => `co_${++company}`;
const at = (path: string) => (request: RecordedRequest) => request.endpoint === path;

beforeAll(async () => {
  system = await startSystem();
}, 120_000);

afterAll(async () => {
  await system?.close();
}, 60_000);

describe('an event of each of the 14 sub-events', () => {
  test('is posted to the webhook that selected it, byte for byte the documented JSON', async () => {
    const companyId = newCompany();
    system.receiver.endpoint('/all');
    await system.webhook(companyId, '/all', { events: EVENT_TYPES });
    const events = EVENT_TYPES.map((type) => event(type, companyId));
    await system.produce(events);
    await system.receiver.waitFor((requests) => requests.filter(at('/all')).length >= 14, 30_000);
    const received = system.receiver.requests(at('/all'));
    const byId = new Map(received.map((request) => [eventIdOf(request), request]));
    for (const sent of events) {
      const request = byId.get(sent.event_id);
      expect(JSON.parse(request?.body.toString() ?? 'null')).toEqual(sent);
      expect('event_sequence' in JSON.parse(request?.body.toString() ?? '{}')).toBe(
        sent.event_type !== 'call.disposition',
      );
    }
    expect(received).toHaveLength(14);
  }, 60_000);
});

describe('authentication', () => {
  test.each([
    ['none', { kind: 'none' } as const, {}, ''],
    [
      'basic',
      { kind: 'basic', username: 'ann', password: 'pässword:1' } as const,
      { authorization: `Basic ${Buffer.from('ann:pässword:1').toString('base64')}` },
      '',
    ],
    [
      'api key in a header',
      { kind: 'api-key', placement: 'header', name: 'X-Api-Key', value: 's3cret' } as const,
      { 'x-api-key': 's3cret' },
      '',
    ],
    [
      'api key in the query',
      { kind: 'api-key', placement: 'query', name: 'key', value: 'a b&c' } as const,
      {},
      '?key=a+b%26c',
    ],
  ])('%s reaches the endpoint', async (name, authentication, headers, query) => {
    const companyId = newCompany();
    const path = `/auth-${name.replaceAll(' ', '-')}`;
    system.receiver.endpoint(path);
    await system.webhook(companyId, path, { authentication, headers: [{ name: 'X-Team', value: 'blue' }] });
    await system.produce([event('call.initiated', companyId)]);
    const [request] = await got(path, 1);
    expect(request?.method).toBe('POST');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-team': 'blue',
      'webhook-attempt': '1',
      ...headers,
    });
    expect(request?.headers['user-agent']).toMatch(/^webhook-v2\/\d/);
    expect(request?.headers['webhook-id']).toMatch(/^msg_[\w-]{27}$/);
    expect(Number(request?.headers['webhook-timestamp'])).toBeCloseTo((request?.arrivedAt ?? 0) / 1000, -1);
    expect(request?.url).toBe(path + query);
  });
});

describe('retries', () => {
  test('a failed attempt is repeated 3 s later with the same webhook-id, and a success ends it', async () => {
    const companyId = newCompany();
    system.receiver.endpoint('/flaky', [500, 503, 200]);
    const webhookId = await system.webhook(companyId, '/flaky');
    const sent = event('call.initiated', companyId);
    await system.produce([sent]);
    const requests = await got('/flaky', 3);
    expect(requests.map((request) => request.headers['webhook-attempt'])).toEqual(['1', '2', '3']);
    expect(new Set(requests.map((request) => request.headers['webhook-id'])).size).toBe(1);
    for (const gapMs of gaps(requests)) {
      expect(gapMs).toBeGreaterThanOrEqual(2_990);
      expect(gapMs).toBeLessThan(6_000);
    }
    const failures = await until(
      () => system.failures({ webhookId }),
      (found) => found.length === 2,
    );
    expect(failures.map(({ attempt, followUp, response }) => [attempt, followUp.kind, response?.status])).toEqual([
      [1, 'retry', 500],
      [2, 'retry', 503],
    ]);
    expect(failures[0]?.eventId).toBe(sent.event_id);
  }, 60_000);

  test('three failed attempts exhaust the event, make the webhook Failed, and a success makes it Active', async () => {
    const companyId = newCompany();
    const endpoint = system.receiver.endpoint('/down', [500]);
    const webhookId = await system.webhook(companyId, '/down');
    await system.produce([event('call.initiated', companyId)]);
    await got('/down', 3);
    const failures = await until(
      () => system.failures({ webhookId }),
      (found) => found.length === 3,
    );
    expect(failures.map(({ followUp }) => followUp.kind)).toEqual(['retry', 'retry', 'exhausted']);
    await until(
      () => system.webhookDocument(companyId, webhookId),
      (found) => found?.status === 'failed',
    );
    endpoint.script([200]);
    await system.produce([event('call.initiated', companyId)]);
    const active = await until(
      () => system.webhookDocument(companyId, webhookId),
      (found) => found?.status === 'active',
    );
    expect(active?.failures).toEqual([]);
    expect(system.receiver.requests(at('/down'))).toHaveLength(4);
  }, 60_000);

  test('a webhook that is deleted while a retry waits gets nothing more', async () => {
    const companyId = newCompany();
    system.receiver.endpoint('/deleted', [500]);
    const webhookId = await system.webhook(companyId, '/deleted');
    await system.produce([event('call.initiated', companyId)]);
    await got('/deleted', 1);
    await system.webhooks.deleteWebhook({ companyId, webhookId });
    await system.services
      .get('delivery-consumer')
      ?.logged((line) => line.event === 'delivery.discarded' && line['webhookId'] === webhookId);
    expect(system.receiver.requests(at('/deleted'))).toHaveLength(1);
  }, 60_000);

  test('redirects are failures and are not followed', async () => {
    const companyId = newCompany();
    system.receiver.endpoint('/target');
    system.receiver.endpoint('/moved', [{ kind: 'redirect', to: system.receiver.url('/target') }, 200]);
    const webhookId = await system.webhook(companyId, '/moved');
    await system.produce([event('call.initiated', companyId)]);
    await got('/moved', 2);
    const [failure] = await until(
      () => system.failures({ webhookId }),
      (found) => found.length === 1,
    );
    expect(failure?.cause.kind).toBe('redirect');
    expect(system.receiver.requests(at('/target'))).toHaveLength(0);
  }, 60_000);
});

describe('answers that mean something', () => {
  test('410 Gone disables the webhook, with its reason', async () => {
    const companyId = newCompany();
    system.receiver.endpoint('/gone', [410]);
    const webhookId = await system.webhook(companyId, '/gone');
    await system.produce([event('call.initiated', companyId)]);
    const document = await until(
      () => system.webhookDocument(companyId, webhookId),
      (found) => found?.status === 'inactive',
    );
    expect(document?.statusReason).toContain('410 Gone');
    const failures = await until(
      () => system.failures({ webhookId }),
      (found) => found.length === 1,
    );
    expect(failures[0]?.followUp.kind).toBe('exhausted');
    expect(system.receiver.requests(at('/gone'))).toHaveLength(1);
  }, 60_000);

  test('429 with Retry-After is waited for, again and again, without using up attempts', async () => {
    const companyId = newCompany();
    const busy = respond(429, { headers: { 'retry-after': '5' } });
    system.receiver.endpoint('/busy', [busy, busy, busy, busy, 200]);
    const webhookId = await system.webhook(companyId, '/busy');
    await system.produce([event('call.initiated', companyId)]);
    const requests = await got('/busy', 5);
    expect(requests.map((request) => request.headers['webhook-attempt'])).toEqual(['1', '1', '1', '1', '1']);
    for (const gapMs of gaps(requests)) expect(gapMs).toBeGreaterThanOrEqual(4_990);
    const failures = await system.failures({ webhookId });
    expect(failures.map(({ attempt, followUp }) => [attempt, followUp.kind])).toEqual(Array(4).fill([1, 'retry']));
    expect(await system.webhookDocument(companyId, webhookId)).toMatchObject({ status: 'active', failures: [] });
  }, 90_000);
});

describe('webhooks that change', () => {
  test('a disabled webhook receives nothing, an enabled one receives within 2 s', async () => {
    const companyId = newCompany();
    system.receiver.endpoint('/switch');
    system.receiver.endpoint('/witness');
    const webhookId = await system.webhook(companyId, '/switch');
    await system.webhook(companyId, '/witness');
    await system.produce([event('call.initiated', companyId)]);
    await got('/switch', 1);
    await system.webhooks.setStatus({ companyId, webhookId }, 'inactive', new Date());
    await pause(2_000);
    const unseen = event('call.initiated', companyId);
    await system.produce([unseen]);
    await got('/witness', 2);
    await system.webhooks.setStatus({ companyId, webhookId }, 'active', new Date());
    await pause(2_000);
    const seen = event('call.initiated', companyId);
    await system.produce([seen]);
    const requests = await got('/switch', 2);
    expect(requests.map(eventIdOf)).not.toContain(unseen.event_id);
    expect(requests.map(eventIdOf)).toContain(seen.event_id);
  }, 60_000);

  test('another company’s events never arrive', async () => {
    const [ours, theirs] = [newCompany(), newCompany()];
    system.receiver.endpoint('/ours');
    system.receiver.endpoint('/theirs');
    await system.webhook(ours, '/ours');
    await system.webhook(theirs, '/theirs');
    await system.produce([event('call.initiated', theirs), event('call.initiated', ours)]);
    await Promise.all([got('/ours', 1), got('/theirs', 1)]);
    expect(system.receiver.requests(at('/ours')).map((request) => bodyOf(request).company_id)).toEqual([ours]);
  });
});

describe('order', () => {
  test('events of one call are attempted in order, one at a time', async () => {
    const companyId = newCompany();
    system.receiver.endpoint('/ordered', [{ kind: 'respond', status: 200, delayMs: 20 }]);
    await system.webhook(companyId, '/ordered');
    const events = Array.from({ length: 20 }, (_, index) =>
      event('call.initiated', companyId, { event_sequence: index + 1, data: { call_id: `call_${companyId}` } }),
    );
    await system.produce(events);
    const requests = await got('/ordered', 20);
    expect(requests.map(eventIdOf)).toEqual(events.map(({ event_id }) => event_id));
    requests.slice(1).forEach((request, index) => {
      expect(request.arrivedAt).toBeGreaterThanOrEqual(requests[index]?.arrivedAt ?? 0);
    });
  }, 60_000);
});

describe('what pipelines may send', () => {
  test.each([
    ['gzip', CompressionTypes.GZIP],
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
    ['zstd', CompressionTypes.ZSTD],
  ])('records compressed with %s are read', async (name, compression) => {
    const companyId = newCompany();
    system.receiver.endpoint(`/${name}`);
    await system.webhook(companyId, `/${name}`);
    await system.produce([event('call.initiated', companyId), event('call.initiated', companyId)], compression);
    await got(`/${name}`, 2);
  });
});

function got(path: string, count: number): Promise<readonly RecordedRequest[]> {
  return system.receiver
    .waitFor((requests) => requests.filter(at(path)).length >= count, 60_000)
    .then((requests) => requests.filter(at(path)));
}

/** From the end of each attempt to the beginning of the next. */
function gaps(requests: readonly RecordedRequest[]): number[] {
  return requests.slice(1).map((request, index) => request.arrivedAt - (requests[index]?.completedAt ?? 0));
}
