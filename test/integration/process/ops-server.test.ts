import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createMetrics } from '../../../services/shared/platform/metrics/metrics.js';
import { createHealth, type Health } from '../../../services/shared/platform/process/health.js';
import { startOpsServer, type OpsServer } from '../../../services/shared/platform/process/ops-server.js';

let health: Health;
let server: OpsServer;

beforeEach(async () => {
  health = createHealth();
  server = await startOpsServer({ host: '127.0.0.1', port: 0 }, health, createMetrics('tester'));
});

afterEach(() => server.close());

function ask(path: string, method = 'GET'): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, { method });
}

test.each([
  ['GET', '/', 404],
  ['GET', '/livez/', 404],
  ['GET', '/%2e%2e/etc/passwd', 404],
  ['POST', '/livez', 404],
  ['DELETE', '/metrics', 404],
  ['GET', '/livez?verbose', 200],
  ['HEAD', '/metrics', 200],
])('%s %s is answered with %d', async (method, path, status) => {
  const answer = await ask(path, method);
  expect(answer.status).toBe(status);
  await answer.text();
});

describe('/readyz', () => {
  test('tells each check', async () => {
    health.enter('running');
    health.add({ name: 'mongodb', kind: 'dependency', check: () => ({ ok: false, reason: 'no primary' }) });
    const answer = await ask('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({
      ok: false,
      phase: 'running',
      checks: { mongodb: { ok: false, reason: 'no primary' } },
    });
    expect((await ask('/livez')).status).toBe(200);
  });

  test('turns green when the process runs and red when it ends', async () => {
    const seen: number[] = [];
    for (const phase of ['starting', 'running', 'stopping'] as const) {
      health.enter(phase);
      seen.push((await ask('/readyz')).status);
    }
    expect(seen).toEqual([503, 200, 503]);
  });
});

test('/livez turns red when a loop is stuck or the process has failed', async () => {
  let stuck = false;
  health.add({ name: 'consumer', kind: 'loop', check: () => (stuck ? { ok: false, reason: 'stuck' } : { ok: true }) });
  expect((await ask('/livez')).status).toBe(200);
  stuck = true;
  expect((await ask('/livez')).status).toBe(503);
  stuck = false;
  health.enter('failed');
  expect((await ask('/livez')).status).toBe(503);
});

test('/metrics is what Prometheus reads', async () => {
  const answer = await ask('/metrics');
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await answer.text()).toMatch(/^# TYPE nodejs_eventloop_lag_seconds gauge$/m);
});

test('headers beyond 8 KiB are refused', async () => {
  const status = await new Promise((resolve, reject) => {
    const outgoing = request(
      { port: server.port, path: '/livez', headers: { 'x-long': 'x'.repeat(9_000) } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    outgoing.on('error', reject).end();
  });
  expect(status).toBe(431);
});

test('closing doesn’t wait for a connection that somebody keeps open', async () => {
  const socket = connect(server.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await server.close();
  await closed;
});
