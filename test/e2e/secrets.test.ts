import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { event, startSystem, type System } from '../support/system.js';
import { until } from '../support/waiting.js';

/**
 * "No secret leaves in clear": canaries in every place that can hold a secret, an endpoint that fails, and then nothing
 * of them in any log line, any failure entry, any document or any record, while the endpoint itself did get them.
 */
const CANARY = {
  password: 'canary-password-7f3a',
  headerKey: 'canary-header-key-91bc',
  queryKey: 'canary-query-key-55d0',
  header: 'canary-additional-header-e2e2',
};
const COMPANY = 'co_secrets';
let system: System;

beforeAll(async () => {
  system = await startSystem(undefined, { LOG_LEVEL: 'debug' });
}, 120_000);

afterAll(async () => {
  await system?.close();
}, 60_000);

test('canaries reach the endpoint and nothing else', async () => {
  const headers = [{ name: 'X-Custom', value: CANARY.header }];
  for (const [path, authentication] of [
    ['/basic', { kind: 'basic', username: 'ann', password: CANARY.password }],
    ['/header', { kind: 'api-key', placement: 'header', name: 'X-Tenant', value: CANARY.headerKey }],
    ['/query', { kind: 'api-key', placement: 'query', name: 'tenant', value: CANARY.queryKey }],
  ] as const) {
    system.receiver.endpoint(path, [{ kind: 'respond', status: 500, body: 'no' }]);
    await system.webhook(COMPANY, path, { authentication, headers });
  }
  await system.produce([event('call.initiated', COMPANY)]);
  await system.receiver.waitFor((requests) => requests.length === 9, 30_000);
  const failures = await until(
    () => system.failures({ companyId: COMPANY }),
    (found) => found.length === 9,
  );

  const sent = JSON.stringify(system.receiver.requests().map(({ url, headers: got }) => ({ url, got })));
  expect(sent).toContain(Buffer.from(`ann:${CANARY.password}`).toString('base64'));
  for (const canary of [CANARY.headerKey, CANARY.queryKey, CANARY.header]) expect(sent).toContain(canary);

  const logs = [...system.services.values()].flatMap(({ raw }) => raw).join('\n');
  expect(logs).toContain('delivery.attempted');
  const documents = JSON.stringify(await wholeDatabase());
  const records = await wholeTopic(system.config.topics.retry);
  expect(records).toContain(COMPANY);
  const basic = Buffer.from(`ann:${CANARY.password}`).toString('base64');
  for (const canary of [...Object.values(CANARY), basic])
    for (const place of [logs, documents, JSON.stringify(failures), records]) expect(place).not.toContain(canary);
}, 60_000);

async function wholeDatabase(): Promise<unknown[]> {
  const names = await system.mongo.db.listCollections().toArray();
  return Promise.all(names.map(({ name }) => system.mongo.db.collection(name).find().toArray()));
}

async function wholeTopic(topic: string): Promise<string> {
  const consumer = system.kafka.consumer({ groupId: `${system.config.kafka.prefix}reader` });
  const texts: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      texts.push(message.value?.toString('latin1') ?? '');
      return Promise.resolve();
    },
  });
  await until(
    () => texts.length,
    (count) => count >= 6,
  );
  await consumer.disconnect();
  return texts.join('\n');
}
