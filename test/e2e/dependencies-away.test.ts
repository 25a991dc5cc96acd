import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countById } from '../support/bodies.js';
import { event, startSystem, SERVICES, type System } from '../support/system.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { pause, until } from '../support/waiting.js';

/**
 * MongoDB or the registry away for 30 s: nothing is lost, no process ends, /readyz is red meanwhile, and all of it is
 * caught up without a hand. The services reach both servers through a proxy that the test cuts.
 */
const AWAY_MS = 30_000;

let mongo: TcpProxy;
let registry: TcpProxy;
let system: System;
let company = 0;

beforeAll(async () => {
  const uri = new URL(process.env['MONGODB_URI'] ?? '');
  mongo = await startTcpProxy({ host: uri.hostname, port: Number(uri.port || 27017) });
  const url = new URL(process.env['SCHEMA_REGISTRY_URL'] ?? '');
  registry = await startTcpProxy({ host: url.hostname, port: Number(url.port || 80) });
  url.host = `127.0.0.1:${registry.port}`;
  system = await startSystem(SERVICES, {
    MONGODB_URI: `mongodb://127.0.0.1:${mongo.port}/?directConnection=true`,
    SCHEMA_REGISTRY_URL: url.href.replace(/\/$/, ''),
  });
}, 120_000);

afterAll(async () => {
  await mongo?.restore();
  await registry?.restore();
  await system?.close();
  await mongo?.close();
  await registry?.close();
}, 90_000);

describe('MongoDB is away for 30 s', () => {
  test.each([
    ['refusing', () => mongo.cut()],
    ['hanging', () => Promise.resolve(mongo.hang())],
  ])(
    '%s: nothing is lost, nothing is posted twice',
    async (kind, takeAway) => {
      const { companyId, path } = await witness(`mongo-${kind}`);
      const before = Array.from({ length: 20 }, () => event('call.initiated', companyId));
      await system.produce(before);
      await received(path, 20);
      await takeAway();
      const delivery = system.services.get('delivery-consumer');
      const during = Array.from({ length: 100 }, () => event('call.initiated', companyId));
      const awayUntil = Date.now() + AWAY_MS;
      await Promise.all([delivery?.untilReady(false, 20_000), system.produce(during)]);
      await pause(awayUntil - Date.now());
      await mongo.restore();
      await received(path, 120);
      await Promise.all([...system.services.values()].map((service) => service.ready()));
      const counts = countById(system.receiver.requests((request) => request.endpoint === path));
      for (const { event_id } of [...before, ...during]) expect(counts.get(event_id)).toBe(1);
      expect([...system.services.values()].every(({ running }) => running)).toBe(true);
    },
    120_000,
  );

  test('a failed attempt is logged and counted when MongoDB is back, and not posted again for it', async () => {
    const { companyId, path, webhookId } = await witness('mongo-failure', [
      { kind: 'respond', status: 500, delayMs: 1_500 },
      200,
    ]);
    await system.produce([event('call.initiated', companyId)]);
    await received(path, 1);
    await mongo.cut();
    await pause(6_000);
    expect(system.receiver.requests((request) => request.endpoint === path)).toHaveLength(1);
    await mongo.restore();
    await received(path, 2);
    await system.services.get('delivery-consumer')?.ready();
    expect(await system.failures({ webhookId })).toHaveLength(1);
  }, 120_000);
});

describe('MongoDB hangs before the delivery process', () => {
  test('no webhook passes for slow because of it: nothing leaves for the overflow lane', async () => {
    const env = { DELIVERY_OVERFLOW_AT_JOBS: '20' };
    const others = await startSystem(['call-consumer', 'retry-consumer'], env);
    try {
      const uri = `mongodb://127.0.0.1:${mongo.port}/?directConnection=true`;
      const delivery = await others.start('delivery-consumer', { env: { MONGODB_URI: uri } });
      others.receiver.endpoint('/well');
      await others.webhook('co_well', '/well');
      const some = (count: number) => Array.from({ length: count }, () => event('call.initiated', 'co_well'));
      const arrived = (count: number) =>
        others.receiver.waitFor((requests) => countById(requests).size >= count, 60_000);
      await others.produce(some(20));
      await arrived(20);
      mongo.hang();
      // What is known of the webhook counts no more; attempts wait for MongoDB, for longer than makes an endpoint slow.
      await pause(3_000);
      for (const count of [60, 60, 60]) {
        await others.produce(some(count));
        await pause(2_000);
      }
      await until(
        async () => Number((await delivery.metric('webhook_queued_jobs')).split(' ').at(-1)),
        (jobs) => jobs > 150,
        30_000,
      );
      await mongo.restore();
      await arrived(200);
      expect(await delivery.metric('webhook_overflowed_total')).toMatch(/ 0$/);
    } finally {
      await mongo.restore();
      await others.close();
    }
  }, 120_000);
});

describe('the registry is away', () => {
  test('for 30 s: warm processes go on as if nothing were', async () => {
    const { companyId, path } = await witness('registry-warm');
    await system.produce([event('call.initiated', companyId)]);
    await received(path, 1);
    await registry.cut();
    await system.services.get('call-consumer')?.untilReady(false, 20_000);
    await system.produce(Array.from({ length: 50 }, () => event('call.initiated', companyId)));
    await received(path, 51);
    await pause(AWAY_MS);
    await registry.restore();
    await system.services.get('call-consumer')?.ready();
  }, 120_000);

  test('a restart works from the stored copy of the schemas', async () => {
    const { companyId, path } = await witness('registry-cold');
    await registry.cut();
    for (const name of SERVICES) {
      expect(await system.services.get(name)?.stop()).toBe(0);
      await system.start(name, { wait: false });
    }
    await system.produce([event('call.initiated', companyId)]);
    await received(path, 1);
    await registry.restore();
    await Promise.all([...system.services.values()].map((service) => service.ready()));
  }, 120_000);
});

async function witness(name: string, script?: Parameters<System['receiver']['endpoint']>[1]) {
  const companyId = `co_${++company}`;
  const path = `/${name}`;
  system.receiver.endpoint(path, script);
  return { companyId, path, webhookId: await system.webhook(companyId, path) };
}

function received(path: string, count: number): Promise<unknown> {
  return system.receiver.waitFor(
    (requests) => requests.filter((request) => request.endpoint === path).length >= count,
    60_000,
  );
}
