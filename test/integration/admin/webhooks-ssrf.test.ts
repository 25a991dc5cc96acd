import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Problem } from '../../../services/admin/contract/problem.js';
import type { TestEventResult } from '../../../services/admin/contract/test-event.js';
import type { WebhookDocument } from '../../../services/shared/platform/mongo/webhook-document.js';
import { ADDRESS, INPUT, startWebhooksApi, type WebhooksApi } from '../../support/webhooks-api.js';

/** RELIABILITY.md, 36: no form of an inner address is saved or reached; a listener on loopback sees no connection. */
let api: WebhooksApi;
let canary: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  canary = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  port = (canary.address() as AddressInfo).port;
  api = await startWebhooksApi();
});
afterAll(async () => {
  await api.end();
  await new Promise((resolve) => canary.close(resolve));
  expect(connections).toBe(0);
});

const HOSTS = [
  ['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '127.1', '0', '0.0.0.0', '10.0.0.1', '192.168.1.1', '172.16.0.1'],
  ['169.254.169.254', '100.100.100.200', '192.0.0.192', '168.63.129.16', '224.0.0.1', '255.255.255.255'],
  ['[::]', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::1]'],
  ['[2002:7f00:1::]', '[fc00::1]', '[fd00:ec2::254]', '[fe80::1]'],
  ['localhost', 'localhost.', 'LOCALHOST', 'a.localhost', 'metadata.google.internal', 'printer.local', 'intranet'],
].flat();
const OTHERS = [
  'unix:/var/run/docker.sock',
  'file:///etc/passwd',
  'gopher://127.0.0.1/',
  'https://u:p@receiver.example/',
];

const urls = () => [...HOSTS.map((host) => `https://${host}:${port}/`), ...OTHERS];

test('none is saved', async () => {
  for (const url of [...urls(), ...[22, 25, 6379].map((other) => `https://receiver.example:${other}/`)]) {
    const { status, json } = await api.request<Problem>('POST', ADDRESS, { body: { ...INPUT, url } });
    expect([url, status, json.errors?.[0]?.pointer]).toEqual([url, 422, '/url']);
  }
});

describe('a test event', () => {
  const send = (body: object) =>
    api.request<TestEventResult & Problem>('POST', '/api/v1/test-events', { body: { eventType: 'call.end', ...body } });

  test('reaches none that is not saved', async () => {
    for (const url of urls()) {
      const { status, json } = await send({ webhook: { ...INPUT, url } });
      expect([url, status, json.errors?.[0]?.pointer]).toEqual([url, 422, '/webhook/url']);
    }
  });

  test('reaches none that stands in the database all the same', async () => {
    const { id } = await api.created();
    const webhooks = api.database.db.collection<WebhookDocument>('webhooks');
    for (const host of HOSTS) {
      await webhooks.updateOne({ _id: id }, { $set: { url: `https://${host}:${port}/` } });
      const { json } = await send({ webhookId: id });
      expect([host, json.outcome]).toEqual([host, 'failed']);
      expect(['blocked-address', 'dns']).toContain(json.cause?.kind);
    }
  });
});
