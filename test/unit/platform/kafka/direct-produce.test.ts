import { beforeEach, expect, test } from '@jest/globals';
import Broker, { type Message, type ProduceOptions } from 'kafkajs/src/broker/index.js';
import Cluster from 'kafkajs/src/cluster/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { produceDirectly } from '../../../../services/shared/platform/kafka/direct-produce.js';

produceDirectly();

let told: string[] = [];
let requests: Buffer[] = [];
let answer: Buffer | Error = Buffer.alloc(0);

const connection = {
  clientId: 'c',
  sasl: null,
  isConnected: () => true,
  nextCorrelationId: () => 7,
  logError: (detail: string, { error }: { error: string }) => told.push(`${detail}: ${error}`),
  socket: { write: (bytes: Buffer) => requests.push(bytes) },
  requestQueue: {
    maybeThrottle: (ms: number) => told.push(`throttled ${ms}`),
    push: (request: {
      entry: { resolve: (answer: object) => void; reject: (error: Error) => void };
      sendRequest: () => void;
    }) => {
      request.sendRequest();
      if (answer instanceof Error) request.entry.reject(answer);
      else request.entry.resolve({ payload: answer });
    },
  },
};

function stored(errorCode: number): Buffer {
  const bytes = new Encoder().writeInt32(1).writeString('t').writeInt32(1).writeInt32(3).writeInt16(errorCode);
  return bytes.writeInt64(12).writeInt64(-1).writeInt64(0).writeInt32(25).buffer;
}

const BY_KAFKAJS = new Error('kafkajs produces');

function newBroker(maxVersion = 12): Broker {
  const broker = Object.create(Broker.prototype) as Broker;
  return Object.assign(broker, {
    connectionPool: { pool: [connection] },
    versions: { 0: { minVersion: 3, maxVersion } },
    disconnect: () => Promise.resolve(told.push('disconnected')),
    lookupRequest: () => {
      throw BY_KAFKAJS;
    },
  });
}

function produce(options: Partial<ProduceOptions> = {}, message: Partial<Message> = {}, broker = newBroker()) {
  const messages = [{ key: 'k', value: Buffer.from('v'), ...message }];
  const topicData = [{ topic: 't', partitions: [{ partition: 3, messages }] }];
  return broker.produce({ topicData, producerId: -1, ...options });
}

beforeEach(() => {
  [told, requests, answer] = [[], [], stored(0)];
});

test('what is produced is sent at once, and resolves with what was stored', async () => {
  expect(await produce()).toMatchObject({
    topics: [{ topicName: 't', partitions: [{ partition: 3, baseOffset: '12' }] }],
  });
  expect([requests.length, told]).toEqual([1, ['throttled 25']]);
  // Produce, version 7, correlation id, client's id; nobody's transaction, all in-sync replicas, half a minute.
  const begin = Buffer.from([0, 0, 0, 7, 0, 0, 0, 7, 0, 1, 0x63, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x75, 0x30]);
  expect(requests[0]?.subarray(4, 4 + begin.length)).toEqual(begin);
  expect(requests[0]?.readInt32BE()).toBe(requests[0]!.length - 4);
});

test('a refusal rejects with the error of kafkajs', async () => {
  answer = stored(10);
  await expect(produce()).rejects.toMatchObject({ name: 'KafkaJSProtocolError', type: 'MESSAGE_TOO_LARGE' });
  expect(told).toEqual(['throttled 25', expect.stringMatching(/^Response Produce\(key: 0, version: 7\): /)]);
});

test('a broker that ends the connection is disconnected from', async () => {
  answer = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
  await expect(produce()).rejects.toBe(answer);
  expect(told).toEqual(['disconnected']);
});

test.each<[string, Partial<ProduceOptions>, Partial<Message>, number]>([
  ['has headers', {}, { headers: { reason: 'x' } }, 12],
  ['has a timestamp', {}, { timestamp: '1' }, 12],
  ['is compressed', { compression: 1 }, {}, 12],
  ['belongs to a transaction', { transactionalId: 'x' }, {}, 12],
  ['is of an idempotent producer', { producerId: 5 }, {}, 12],
  ['wants no acknowledgement', { acks: 0 }, {}, 12],
  ['goes to an old broker', {}, {}, 6],
])('kafkajs sends what %s', async (_what, options, message, version) => {
  await expect(produce(options, message, newBroker(version))).rejects.toBe(BY_KAFKAJS);
  expect(requests).toEqual([]);
});

test('topics that are known already take no lock', async () => {
  const acquired = new Error('locked');
  const cluster = Object.assign(Object.create(Cluster.prototype) as Cluster, {
    brokerPool: { metadata: {} },
    targetTopics: new Set(['t']),
    mutatingTargetTopics: { acquire: () => Promise.reject(acquired) },
  });
  expect(await cluster.addMultipleTargetTopics(['t'])).toBeUndefined();
  await expect(cluster.addMultipleTargetTopics(['t', 'u'])).rejects.toBe(acquired);
  Object.assign(cluster.brokerPool, { metadata: null });
  await expect(cluster.addMultipleTargetTopics(['t'])).rejects.toBe(acquired);
});
