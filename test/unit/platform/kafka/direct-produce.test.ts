import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Message, PartitionMetadata } from 'kafkajs';
import type Cluster from 'kafkajs/src/cluster/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { produceDirectly } from '../../../../services/shared/platform/kafka/direct-produce.js';
import { encodeProduce } from '../../../../services/shared/platform/kafka/produce-encoding.js';

/**
 * The fears: a record that counts as acknowledged and is nowhere, and one that is sent to some brokers when others can't
 * be sent theirs, so that all of it is sent again.
 */
let told: string[] = [];
let requests: [broker: number, bytes: Buffer][] = [];
let answers: Record<number, Buffer | Error> = {};
let partitionMetadata: PartitionMetadata[] = [];

const HEADER_BYTES = 15;

function connectionOf(nodeId: number) {
  return {
    clientId: 'c',
    sasl: null,
    isConnected: () => true,
    nextCorrelationId: () => 7,
    logError: (detail: string, { error }: { error: string }) => told.push(`${detail}: ${error}`),
    socket: { write: (bytes: Buffer) => requests.push([nodeId, bytes]) },
    requestQueue: {
      maybeThrottle: (ms: number) => ms > 0 && told.push(`throttled ${ms}`),
      push: (request: {
        entry: { resolve: (answer: object) => void; reject: (error: Error) => void };
        sendRequest: () => void;
      }) => {
        request.sendRequest();
        const answer = answers[nodeId]!;
        if (answer instanceof Error) request.entry.reject(answer);
        else request.entry.resolve({ payload: answer });
      },
    },
  };
}

const brokerOf = (nodeId: number) => ({
  connectionPool: { pool: [connectionOf(nodeId)] },
  versions: { 0: { minVersion: 3, maxVersion: 12 } },
  disconnect: () => Promise.resolve(told.push('disconnected')),
});

let cluster = newCluster();

function newCluster() {
  return {
    brokerPool: {
      metadata: {} as object | null,
      metadataExpireAt: Infinity,
      brokers: { 1: brokerOf(1), 2: brokerOf(2) } as Record<number, object>,
    },
    targetTopics: new Set(['t']),
    findTopicPartitionMetadata: () => partitionMetadata,
  };
}

function stored(partitions: readonly number[], refused: readonly number[] = [], throttleMs = 0): Buffer {
  const bytes = new Encoder()
    .writeInt32(1)
    .writeString('t')
    .writeInt32(partitions.length + refused.length);
  for (const partition of [...partitions, ...refused]) {
    bytes.writeInt32(partition).writeInt16(refused.includes(partition) ? 6 : 0);
    bytes.writeInt64(12).writeInt64(-1).writeInt64(0);
  }
  return bytes.writeInt32(throttleMs).buffer;
}

beforeEach(() => {
  told = [];
  requests = [];
  answers = { 1: stored([0, 2]), 2: stored([1]) };
  partitionMetadata = [0, 1, 2].map((partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: partitionId === 1 ? 2 : 1,
    replicas: [],
    isr: [],
  }));
  cluster = newCluster();
});

const messageOf = (partition: number, value: string): Message => ({ key: String(partition), value });
const choose = ({ message }: { message: Message }): number => Number(message.key);
const produce = (...messages: Message[]) => produceDirectly(cluster as unknown as Cluster, choose, 't', messages);

describe('what is to be sent', () => {
  test('goes to the leaders of its partitions at once, a partition in order', async () => {
    const messages = [messageOf(0, 'a'), messageOf(1, 'b'), messageOf(2, 'c'), messageOf(0, 'd')];
    const before = Date.now();
    expect(await produce(...messages)).toEqual(new Set([0, 1, 2]));
    expect(requests.map(([broker]) => broker)).toEqual([1, 2]);
    const [a, b, c, d] = messages as [Message, Message, Message, Message];
    const expected = [
      [
        { partition: 0, messages: [a, d] },
        { partition: 2, messages: [c] },
      ],
      [{ partition: 1, messages: [b] }],
    ];
    // Made at the same millisecond or a few later.
    const nows = Array.from({ length: Date.now() - before + 1 }, (_, more) => before + more);
    requests.forEach(([, bytes], index) => {
      const body = bytes.subarray(HEADER_BYTES);
      expect(nows.some((now) => encodeProduce('t', expected[index]!, now, 0).equals(body))).toBe(true);
    });
    // Length, produce, version 7, the correlation id, the client's id.
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeInt32BE(requests[0]![1].length - 4);
    Buffer.from([0, 0, 0, 7, 0, 0, 0, 7, 0, 1, 0x63]).copy(header, 4);
    expect(requests[0]?.[1].subarray(0, HEADER_BYTES)).toEqual(header);
  });

  test('is acknowledged by partition: not where it is refused', async () => {
    answers[1] = stored([2], [0], 25);
    expect(await produce(messageOf(0, 'a'), messageOf(1, 'b'), messageOf(2, 'c'))).toEqual(new Set([1, 2]));
    expect(told).toEqual(['throttled 25']);
  });

  test('is not acknowledged by a broker that ends the connection, nor does that concern others', async () => {
    answers[1] = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
    expect(await produce(messageOf(0, 'a'), messageOf(1, 'b'))).toEqual(new Set([1]));
    expect(told).toEqual(['disconnected']);
  });

  test('is not acknowledged by one that does not answer', async () => {
    answers[1] = Object.assign(new Error('late'), { name: 'KafkaJSRequestTimeoutError' });
    expect(await produce(messageOf(0, 'a'))).toEqual(new Set());
    expect(told).toEqual(['Response Produce(key: 0, version: 7): late']);
  });
});

describe('nothing is sent', () => {
  test.each<[string, () => unknown]>([
    ['before kafkajs has read the metadata', () => (cluster.brokerPool.metadata = null)],
    ['when they are old', () => (cluster.brokerPool.metadataExpireAt = Date.now() - 1)],
    ['to a topic of which it reads none', () => cluster.targetTopics.clear()],
    ['to one that has no partitions', () => (partitionMetadata = [])],
    ['while a partition has no leader', () => (partitionMetadata[1]!.leader = -1)],
    ['while one of the leaders is not connected', () => delete cluster.brokerPool.brokers[2]],
    [
      'to an old broker',
      () => (cluster.brokerPool.brokers[2] = { ...brokerOf(2), versions: { 0: { minVersion: 0, maxVersion: 6 } } }),
    ],
  ])('%s', async (_when, change) => {
    change();
    expect(await produce(messageOf(0, 'a'), messageOf(1, 'b'))).toEqual(new Set());
    expect(requests).toEqual([]);
  });
});
