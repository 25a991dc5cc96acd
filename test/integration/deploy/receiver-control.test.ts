import { afterEach, expect, test } from '@jest/globals';
import { Agent, request as send } from 'undici';
import { startControlServer } from '../../../deploy/local/receiver/control-server.js';
import { scriptOf } from '../../../deploy/local/receiver/demo-behaviour.js';
import type { LogLine } from '../../../deploy/local/receiver/log-line.js';
import { startReceiver } from '../../../deploy/local/receiver/receiver.js';
import { RequestLog } from '../../../deploy/local/receiver/request-log.js';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function readLog(base: string, from: number): Promise<LogLine[]> {
  const { body } = await send(`${base}/__log?from=${from}`);
  const text = await body.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}

test('receivers that share a log are read as one, each request once', async () => {
  const log = new RequestLog();
  const [a, b] = [await startReceiver({ log }), await startReceiver({ log })];
  const control = await startControlServer(log);
  cleanups.push(
    () => a.close(),
    () => b.close(),
    () => control.close(),
  );
  const endpoints = [a.endpoint('/a', [503, 200]), b.endpoint('/b', scriptOf('failing', 0))];
  for (const [index, receiver] of [a, b, a].entries()) {
    const dispatcher = new Agent({ connect: { ca: receiver.ca.certificatePem } });
    cleanups.push(() => dispatcher.destroy());
    const url = endpoints[receiver === a ? 0 : 1]?.url ?? '';
    const headers = { 'webhook-id': 'msg_1', 'x-key': `k${index}` };
    const answer = await send(url, { method: 'POST', headers, body: `ä${index}`, dispatcher });
    await answer.body.dump();
  }
  const first = await readLog(control.url, 0);
  expect(first.map(({ index, endpoint, status }) => [index, endpoint, status])).toEqual([
    [0, '/a', 503],
    [1, '/b', 500],
    [2, '/a', 200],
  ]);
  expect(first[1]).toMatchObject({ method: 'POST', url: '/b', headers: { 'x-key': 'k1' } });
  expect(Buffer.from(first[1]?.body ?? '', 'base64').toString()).toBe('ä1');
  expect(await readLog(control.url, 2)).toMatchObject([{ index: 2 }]);
  expect(log.requests).toHaveLength(1);
  expect(await readLog(control.url, 2)).toMatchObject([{ index: 2 }]);
  expect(await readLog(control.url, 3)).toEqual([]);
});

test.each(['/', '/__log?from=-1', '/__log?from=x'])('the control server knows nothing of %s', async (path) => {
  const control = await startControlServer(new RequestLog());
  cleanups.push(() => control.close());
  const { statusCode, body } = await send(control.url + path);
  await body.dump();
  expect(statusCode).toBe(404);
});
