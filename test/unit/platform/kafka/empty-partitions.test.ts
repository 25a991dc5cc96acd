import { beforeAll, expect, test } from '@jest/globals';
import Broker from 'kafkajs/src/broker/index.js';
import type { FetchedPartition } from 'kafkajs/src/broker/index.js';

/** What the broker answered last, as kafkajs has decoded it. */
let answered: FetchedPartition[] = [];

beforeAll(async () => {
  const topic = (topicName: string) => ({ topicName, partitions: answered });
  Broker.prototype.fetch = () => Promise.resolve({ errorCode: 0, responses: [topic('a'), topic('b')] });
  const { passOverEmptyPartitions } = await import('../../../../services/shared/platform/kafka/empty-partitions.js');
  passOverEmptyPartitions();
});

async function partitionsOf(...partitions: FetchedPartition[]): Promise<number[][]> {
  answered = partitions;
  const { responses } = await Broker.prototype.fetch({});
  expect(responses.map(({ topicName }) => topicName)).toEqual(['a', 'b']);
  return responses.map((response) => response.partitions.map(({ partition }) => partition));
}

const RECORD = { offset: '7' };

test('only partitions with records become batches', async () => {
  const some = [
    { partition: 0, messages: [], preferredReadReplica: -1 },
    { partition: 1, messages: [RECORD], preferredReadReplica: -1 },
    { partition: 2, messages: [RECORD, RECORD], preferredReadReplica: -1 },
  ];
  expect(await partitionsOf(...some)).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(await partitionsOf({ partition: 0, messages: [] })).toEqual([[], []]);
});

test('a control record is one: the position moves past it', async () => {
  const control = { ...RECORD, isControlRecord: true };
  expect(await partitionsOf({ partition: 3, messages: [control] })).toEqual([[3], [3]]);
});

test('a partition that names the replica to read from is told of, though it brought nothing', async () => {
  expect(await partitionsOf({ partition: 4, messages: [], preferredReadReplica: 2 })).toEqual([[4], [4]]);
});
