import { afterEach, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { OriginPools } from '../../../services/shared/platform/http/origin-pools.js';
import { until } from '../../support/waiting.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An endpoint that answers when it is told to; `sockets` are its open connections. */
async function endpoint() {
  const sockets = new Set<Socket>();
  const pending: (() => void)[] = [];
  const server: Server = createServer((request, response) => {
    request.resume();
    pending.push(() => response.end());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const answer = async (): Promise<void> => {
    const [first] = await until(
      () => pending.splice(0, 1),
      ({ length }) => length === 1,
    );
    first?.();
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, pending, answer };
}

function poolsWith(maxConnections: number): OriginPools {
  const pools = new OriginPools({ connect: {}, keepAliveMs: 60_000, maxConnections });
  cleanups.push(() => pools.destroy());
  return pools;
}

function post(pools: OriginPools, origin: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    pools.dispatch(
      { origin, path: '/', method: 'POST', body: '{}' },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, status) => (answered = status),
        onResponseData: () => undefined,
        onResponseEnd: () => resolve(answered),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

test('requests of one origin don’t wait for each other, and idle connections are used again', async () => {
  const pools = poolsWith(100);
  const one = await endpoint();
  const posts = Array.from({ length: 20 }, () => post(pools, one.origin));
  await until(
    () => one.pending.length,
    (count) => count === 20,
  );
  expect(pools.connections).toBe(20);
  for (let n = 0; n < 20; n += 1) await one.answer();
  expect(await Promise.all(posts)).toEqual(Array(20).fill(200));
  // The client uses a connection again one turn of the event loop after its answer ended.
  await until(
    async () => {
      const before = one.sockets.size;
      const again = post(pools, one.origin);
      await one.answer();
      await again;
      return one.sockets.size === before;
    },
    (reused) => reused,
  );
});

test('beyond the bound of all connections the longest unused are closed, and never one that is at work', async () => {
  const pools = poolsWith(2);
  const endpoints = await Promise.all([1, 2, 3, 4].map(() => endpoint()));
  const [working, ...others] = endpoints as [(typeof endpoints)[0], ...typeof endpoints];
  const underWay = post(pools, working.origin);
  await until(
    () => working.pending.length,
    (count) => count === 1,
  );
  for (const other of others) {
    const made = post(pools, other.origin);
    await other.answer();
    expect(await made).toBe(200);
  }
  const extra = post(pools, others[2]?.origin ?? '');
  await others[2]?.answer();
  expect(await extra).toBe(200);
  await until(
    () => pools.connections,
    (count) => count <= 2,
  );
  expect([others[0]?.sockets.size, working.sockets.size]).toEqual([0, 1]);
  await working.answer();
  expect(await underWay).toBe(200);
});

test('an origin whose connections were closed is forgotten', async () => {
  const pools = poolsWith(10);
  const one = await endpoint();
  const made = post(pools, one.origin);
  await one.answer();
  await made;
  expect(pools.origins).toBe(1);
  for (const socket of one.sockets) socket.destroy();
  await until(
    () => pools.origins,
    (count) => count === 0,
  );
  const again = post(pools, one.origin);
  await one.answer();
  expect(await again).toBe(200);
});
