import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { parseEncryptionKeys } from '../../config/encryption-keys.js';
import type { RecordedRequest } from '../../deploy/local/receiver/recorded-request.js';
import { renewDataKeys } from '../../services/shared/platform/mongo/renew-data-keys.js';
import { rotateDataKeys } from '../../services/shared/platform/mongo/rotate-data-keys.js';
import type { Endpoint } from '../../services/shared/platform/mongo/webhook-document.js';
import { eventIdOf } from '../support/bodies.js';
import { event, startSystem, type System } from '../support/system.js';
import { pause, until } from '../support/waiting.js';

/**
 * "rotate-keys re-encrypts under load, with no failed delivery": events flow at about 50 a second to endpoints with
 * every kind of credential, while the key-encryption key and then every data key is changed; afterwards the old
 * key-encryption key is taken away.
 */
const OLD = `old:${randomBytes(32).toString('base64')}`;
const NEW = `new:${randomBytes(32).toString('base64')}`;
const PER_ROUND = 5;
const ROUND_MS = 80;
const GRACE_MS = 3_000;

const CREDENTIALS: readonly {
  path: string;
  endpoint: Partial<Endpoint>;
  isRight: (got: RecordedRequest) => boolean;
}[] = [
  {
    path: '/basic',
    endpoint: { authentication: { kind: 'basic', username: 'ann', password: 'canary-basic' } },
    isRight: ({ headers }) =>
      headers['authorization'] === `Basic ${Buffer.from('ann:canary-basic').toString('base64')}`,
  },
  {
    path: '/header',
    endpoint: { authentication: { kind: 'api-key', placement: 'header', name: 'X-Key', value: 'canary-header' } },
    isRight: ({ headers }) => headers['x-key'] === 'canary-header',
  },
  {
    path: '/query',
    endpoint: { authentication: { kind: 'api-key', placement: 'query', name: 'key', value: 'canary-query' } },
    isRight: ({ url }) => url.includes('key=canary-query'),
  },
  {
    path: '/additional',
    endpoint: { headers: [{ name: 'X-More', value: 'canary-more' }] },
    isRight: ({ headers }) => headers['x-more'] === 'canary-more',
  },
];
const COMPANIES = CREDENTIALS.map(({ path }) => `co${path.replace('/', '_')}`);

let system: System;
const webhookIds = new Map<string, string>();
const produced = new Set<string>();

beforeAll(async () => {
  system = await startSystem(['call-consumer', 'delivery-consumer', 'retry-consumer'], {
    ENCRYPTION_KEYS: `${OLD},${NEW}`,
  });
  for (const [index, { path, endpoint }] of CREDENTIALS.entries()) {
    system.receiver.endpoint(path);
    webhookIds.set(path, await system.webhook(COMPANIES[index] ?? '', path, endpoint));
  }
}, 120_000);

afterAll(async () => {
  await system?.close();
}, 60_000);

/** Produces until it is stopped. */
function load(): { stop(): Promise<void> } {
  let isOver = false;
  const producing = (async () => {
    for (let round = 0; !isOver; round += 1) {
      const events = Array.from({ length: PER_ROUND }, (_, index) =>
        event('call.initiated', COMPANIES[(round * PER_ROUND + index) % COMPANIES.length] ?? ''),
      );
      for (const { event_id } of events) produced.add(event_id);
      await system.produce(events);
      await pause(ROUND_MS);
    }
  })();
  return {
    stop: () => {
      isOver = true;
      return producing;
    },
  };
}

async function expectAllDelivered(): Promise<void> {
  await system.receiver.waitFor((requests) => new Set(requests.map(eventIdOf)).size >= produced.size, 30_000);
  const requests = system.receiver.requests();
  expect(new Set(requests.map(eventIdOf))).toEqual(produced);
  for (const { path, isRight } of CREDENTIALS) {
    const got = requests.filter(({ endpoint }) => endpoint === path);
    expect(got.length).toBeGreaterThan(0);
    expect(got.filter((request) => !isRight(request))).toEqual([]);
  }
  expect(await system.failures({})).toEqual([]);
}

const count = (filter: object) => system.mongo.db.collection('companies').countDocuments(filter);
const keysOf = (text: string) => parseEncryptionKeys(text).map(({ kid, key }) => ({ kid, key: key.export() }));

test('both rotations pass without one failed, lost or wrong delivery, and the old key can go afterwards', async () => {
  const { db } = system.mongo;
  const flowing = load();
  await system.receiver.waitFor((requests) => requests.length >= 100, 30_000);

  // The new key comes first; the processes know both since their start.
  const keys = keysOf(`${NEW},${OLD}`);
  expect(await rotateDataKeys({ db, keys })).toEqual({ rewrapped: COMPANIES.length, overtaken: 0, failed: [] });
  // A process that was started meanwhile: it has nothing in memory.
  await system.start('delivery-consumer', { as: 'second', env: { ENCRYPTION_KEYS: `${NEW},${OLD}` } });

  const editor = editWhileWaiting();
  const renewed = await renewDataKeys({ db, keys, graceMs: GRACE_MS, onProgress: editor.onProgress });
  await editor.done;
  expect(renewed).toMatchObject({ renewed: COMPANIES.length, dropped: COMPANIES.length, unreadable: [], kept: [] });
  expect(renewed.sealed).toBeGreaterThan(COMPANIES.length);
  expect(await count({ previousDataKey: { $exists: true } })).toBe(0);
  await deliveredSince();

  // The old key-encryption key is taken away, one process after the other.
  for (const name of ['delivery-consumer', 'second']) {
    expect(await system.services.get(name)?.stop()).toBe(0);
    await system.start('delivery-consumer', { as: name, env: { ENCRYPTION_KEYS: NEW } });
  }
  await deliveredSince();
  await flowing.stop();
  await expectAllDelivered();
  expect(await count({ 'dataKey.kid': 'new' })).toBe(COMPANIES.length);
}, 180_000);

/** An edit by a process that still remembers the old data key: the system's own store has sealed with it. */
function editWhileWaiting() {
  const [{ path, endpoint }] = CREDENTIALS as [(typeof CREDENTIALS)[number]];
  const ref = { companyId: COMPANIES[0] ?? '', webhookId: webhookIds.get(path) ?? '' };
  let done: Promise<unknown> = Promise.resolve();
  const whole: Endpoint = {
    ...{ url: system.receiver.url(path, 'localhost'), authentication: { kind: 'none' }, headers: [] },
    ...{ events: ['call.initiated'] as const, ...endpoint },
  };
  return {
    onProgress: ({ step }: { readonly step: string }) => {
      if (step === 'waiting') done = system.webhooks.replaceEndpoint(ref, whole, new Date());
    },
    get done() {
      return done;
    },
  };
}

/** Every endpoint has got ten more. */
async function deliveredSince(): Promise<void> {
  const countOf = (path: string) => system.receiver.requests(({ endpoint }) => endpoint === path).length;
  const before = new Map(CREDENTIALS.map(({ path }) => [path, countOf(path)]));
  await until(
    () => CREDENTIALS.map(({ path }) => countOf(path) - (before.get(path) ?? 0)),
    (counts) => counts.every((more) => more >= 10),
  );
}
