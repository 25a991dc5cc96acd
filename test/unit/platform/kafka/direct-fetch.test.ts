import { beforeEach, describe, expect, test } from '@jest/globals';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { fetchDirectly } from '../../../../services/shared/platform/kafka/direct-fetch.js';
import { encodeFetch } from '../../../../services/shared/platform/kafka/fetch-encoding.js';
import { fetchAnswer, type AnsweredPartition } from '../../../support/fetch-answers.js';

/** What happened, in order. */
let told: string[] = [];
let requests: Buffer[] = [];
let answer: Buffer | Error = Buffer.alloc(0);
let whileWaiting = (): void => undefined;

const connection = {
  clientId: 'c',
  sasl: null as object | null,
  isConnected: () => true,
  isAuthenticated: () => false,
  nextCorrelationId: () => 7,
  logError: (detail: string, { error }: { error: string }) => told.push(`${detail}: ${error}`),
  socket: { write: (bytes: Buffer) => requests.push(bytes) },
  requestQueue: {
    maybeThrottle: (ms: number) => ms > 0 && told.push(`throttled ${ms}`),
    push: ({
      entry,
      sendRequest,
    }: Parameters<
      ConsumerGroup['cluster']['brokerPool']['brokers'][0]['connectionPool']['pool'][0]['requestQueue']['push']
    >[0]) => {
      sendRequest();
      whileWaiting();
      if (answer instanceof Error) entry.reject(answer);
      else entry.resolve?.({ payload: answer });
    },
  },
};
const broker = {
  connectionPool: { pool: [{ ...connection, isConnected: () => false }, connection] },
  versions: { 1: { minVersion: 4, maxVersion: 17 } } as object | null,
  disconnect: () => Promise.resolve(told.push('disconnected')),
};
const pool = { brokers: { 1: broker }, metadata: {}, metadataExpireAt: Infinity };
const state = {
  paused: new Set<number>(),
  assigned: () => [{ topic: 't', partitions: [0, 1, 2] }],
  isPaused: (_topic: string, partition: number) => state.paused.has(partition),
};

function newGroup(): ConsumerGroup {
  const cluster = { brokerPool: pool, removeBroker: () => told.push('removed') };
  const logger = { namespace: () => ({}) };
  const options = { retry: {}, cluster, logger, instrumentationEmitter: {}, rackId: '' };
  const group = new ConsumerGroup(options);
  const sizes = { maxWaitTime: 250, minBytes: 1, maxBytes: 1_000, maxBytesPerPartition: 100, isolationLevel: 1 };
  return Object.assign(group, sizes, {
    offsetManager: {
      resolvedOffsets: { t: { 0: '10', 1: '20', 2: '30' } },
      setDefaultOffset: (at: object) => told.push(`to the default of ${JSON.stringify(at)}`),
    },
    subscriptionState: state,
    checkForStaleAssignment: () => told.push('looked at the metadata'),
    filterPartitionsByNode: (_node: number, topics: object) => topics,
    logger: { error: (detail: string) => told.push(detail) },
  });
}

let group: ConsumerGroup;

beforeEach(() => {
  Object.assign(pool, { metadata: {}, metadataExpireAt: Infinity });
  Object.assign(connection, { sasl: null, isConnected: () => true, isAuthenticated: () => false });
  broker.versions = { 1: { minVersion: 4, maxVersion: 17 } };
  state.paused.clear();
  whileWaiting = () => undefined;
  group = newGroup();
  [told, requests] = [[], []];
});

const records = (firstOffset: number, more: object = {}) => [
  { firstOffset, records: [0, 1].map((offsetDelta) => ({ offsetDelta, key: null, value: Buffer.from('x') })), ...more },
];
const partition = (number: number, more: Partial<AnsweredPartition> = {}): AnsweredPartition => ({
  topic: 't',
  partition: number,
  highWatermark: 100,
  ...more,
});

async function fetched(...answered: AnsweredPartition[]): Promise<object[]> {
  answer = await fetchAnswer(answered);
  return seen(await fetchDirectly(group, 1));
}

const seen = (batches: Awaited<ReturnType<typeof fetchDirectly>>) =>
  batches.map((batch) => ({
    partition: batch.partition,
    offsets: [batch.firstOffset(), batch.lastOffset()],
    lag: [batch.offsetLagLow(), batch.offsetLag()],
    empty: batch.isEmpty(),
    messages: batch.messages.length,
  }));

const HEADER_BYTES = 15;

describe('a member of a group', () => {
  test('asks for the next records of all its partitions in one request, beginning with another one each time', async () => {
    for (let turn = 0; turn < 3; turn += 1) expect(await fetched(partition(0))).toEqual([]);
    const [a, b, c] = [0, 1, 2].map((number) => ({ topic: 't', partition: number, offset: number * 10 + 10 }));
    const bounds = { maxWaitMs: 250, minBytes: 1, maxBytes: 1_000, maxBytesPerPartition: 100, isolationLevel: 1 };
    const orders = [
      [b, c, a],
      [c, a, b],
      [a, b, c],
    ];
    expect(requests.map((bytes) => bytes.subarray(HEADER_BYTES))).toEqual(
      orders.map((wanted) => encodeFetch({ ...bounds, wanted: wanted.flatMap((one) => one ?? []) }, 0)),
    );
    // Length, fetch, version 11, the correlation id, the client's id.
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeInt32BE(requests[0]!.length - 4);
    Buffer.from([0, 1, 0, 11, 0, 0, 0, 7, 0, 1, 0x63]).copy(header, 4);
    expect(requests[0]?.subarray(0, HEADER_BYTES)).toEqual(header);
    expect(told).toEqual(['looked at the metadata']);
  });

  test('gets a batch of each partition that has records', async () => {
    expect(await fetched(partition(0), partition(1, { batches: records(20) }))).toEqual([
      { partition: 1, offsets: ['20', '21'], lag: ['79', '78'], empty: false, messages: 2 },
    ]);
  });

  test('gets what is out of the ordinary by kafkajs', async () => {
    const compressed = records(30, { compression: 1 });
    expect(
      await fetched(partition(0), partition(1, { batches: records(19) }), partition(2, { batches: compressed })),
    ).toEqual([
      { partition: 1, offsets: ['20', '20'], lag: ['79', '79'], empty: false, messages: 1 },
      { partition: 2, offsets: ['30', '31'], lag: ['69', '68'], empty: false, messages: 2 },
    ]);
  });

  test('does not ask for paused partitions, and drops what comes of one that was paused meanwhile', async () => {
    state.paused.add(0);
    whileWaiting = () => state.paused.add(1);
    expect(await fetched(partition(1, { batches: records(20) }), partition(2, { batches: records(30) }))).toMatchObject(
      [{ partition: 2 }],
    );
    const compressed = records(20, { compression: 1 });
    state.paused.delete(1);
    expect(await fetched(partition(1, { batches: compressed }))).toEqual([]);
    expect(requests.map(({ length }) => length)).toEqual([requests[0]!.length, requests[0]!.length]);
  });

  test('is quiet for as long as the broker asks for', async () => {
    answer = await fetchAnswer([partition(0)], 40);
    await fetchDirectly(group, 1);
    answer = await fetchAnswer([partition(0, { batches: records(10, { compression: 1 }) })], 50);
    await fetchDirectly(group, 1);
    expect(told.slice(1)).toEqual(['throttled 40', 'throttled 50']);
  });
});

describe('kafkajs fetches itself', () => {
  const byKafkajs = new Error('kafkajs fetches');
  const known = (change: () => void) => change;

  test.each<[string, () => void]>([
    ['while there is no connection', known(() => (connection.isConnected = () => false))],
    ['while it has yet to authenticate', known(() => (connection.sasl = {}))],
    ['from a broker that was not asked yet what it knows', known(() => (broker.versions = null))],
    [
      'from one that does not know this version',
      known(() => (broker.versions = { 1: { minVersion: 0, maxVersion: 10 } })),
    ],
    ['when metadata is old', known(() => (pool.metadataExpireAt = Date.now() - 1))],
    ['when a position is to be moved', known(() => Object.assign(group, { seekOffset: { size: 1 } }))],
    [
      'when a position is not known yet',
      known(() => Object.assign(group.offsetManager.resolvedOffsets, { t: { 0: '1' } })),
    ],
    [
      'when all partitions are paused',
      known(() => state.assigned().forEach(({ partitions }) => partitions.forEach((one) => state.paused.add(one)))),
    ],
    ['when the rack has its own replica', known(() => Object.assign(group, { rackId: 'r' }))],
    [
      'while it reads from another replica',
      known(() => Object.assign(group.preferredReadReplicasPerTopicPartition, { t: { 0: {} } })),
    ],
  ])('%s', async (_when, change) => {
    change();
    Object.assign(group, {
      cluster: { ...group.cluster, refreshMetadataIfNecessary: () => Promise.reject(byKafkajs) },
    });
    await expect(fetchDirectly(group, 1)).rejects.toBe(byKafkajs);
    expect(requests).toEqual([]);
  });

  test('when the leader names another replica, which it learns so', async () => {
    Object.assign(group, {
      cluster: { ...group.cluster, refreshMetadataIfNecessary: () => Promise.reject(byKafkajs) },
    });
    await expect(fetched(partition(0, { preferredReadReplica: 2 }))).rejects.toBe(byKafkajs);
  });
});

describe('what goes wrong goes the way of kafkajs', () => {
  test('an offset that is gone', async () => {
    expect(await fetched(partition(1, { errorCode: 1 }))).toEqual([]);
    expect(told.slice(1)).toEqual([
      expect.stringMatching(/^Response Fetch\(key: 1, version: 11\): The requested offset/),
      'Offset out of range, resetting to default offset',
      'to the default of {"topic":"t","partition":1}',
    ]);
  });

  test('an end of the connection', async () => {
    answer = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
    expect(await fetchDirectly(group, 1)).toEqual([]);
    expect(told.slice(1)).toEqual(['disconnected', 'removed']);
  });

  test('an answer that does not come', async () => {
    answer = Object.assign(new Error('late'), { name: 'KafkaJSRequestTimeoutError' });
    await expect(fetchDirectly(group, 1)).rejects.toBe(answer);
  });

  test('partitions that were added since the join', async () => {
    const stale = Object.assign(new Error('stale'), { name: 'KafkaJSStaleTopicMetadataAssignment' });
    const joinAndSync = () => Promise.resolve(told.push('joined anew'));
    Object.assign(group, {
      checkForStaleAssignment: () => {
        throw stale;
      },
      joinAndSync,
      logger: { warn: () => undefined },
    });
    expect(await fetchDirectly(group, 1)).toEqual([]);
    expect(told).toEqual(['joined anew']);
  });

  test('leaders that have moved: who leads what is worked out anew', async () => {
    await fetched(partition(0));
    pool.metadata = {};
    await fetched(partition(0));
    Object.assign(group, { offsetManager: { ...group.offsetManager } });
    await fetched(partition(0));
    await fetched(partition(0));
    expect(told).toEqual(Array(3).fill('looked at the metadata'));
  });
});
