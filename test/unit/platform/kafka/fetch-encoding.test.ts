import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import requestV11 from 'kafkajs/src/protocol/requests/fetch/v11/request.js';
import response from 'kafkajs/src/protocol/requests/fetch/v11/response.js';
import {
  decodeFetched,
  encodeFetch,
  type FetchRequest,
} from '../../../../services/shared/platform/kafka/fetch-encoding.js';
import { fetchAnswer, type AnsweredBatch, type AnsweredPartition } from '../../../support/fetch-answers.js';

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));
const offsets = fc.integer({ min: 0, max: 2 ** 50 });

describe('a fetch request', () => {
  const requests: fc.Arbitrary<FetchRequest> = fc.record({
    maxWaitMs: fc.nat(60_000),
    minBytes: fc.nat(1_000_000),
    maxBytes: fc.nat(100_000_000),
    maxBytesPerPartition: fc.nat(100_000_000),
    isolationLevel: fc.constantFrom(0, 1),
    wanted: fc.array(
      fc.record({ topic: fc.constantFrom('calls', 'é', 'z'), partition: fc.nat(9_999), offset: offsets }),
    ),
  });

  /** As kafkajs puts partitions together: those of a topic that follow each other. */
  function topicsOf({ wanted, maxBytesPerPartition: maxBytes }: FetchRequest): object[] {
    const topics: { topic: string; partitions: object[] }[] = [];
    for (const { topic, partition, offset } of wanted) {
      if (topics.at(-1)?.topic !== topic) topics.push({ topic, partitions: [] });
      topics.at(-1)?.partitions.push({ partition, fetchOffset: String(offset), maxBytes });
    }
    return topics;
  }

  test('has the bytes that kafkajs makes, behind the room for its header', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.nat(50), async (request, room) => {
        const { maxWaitMs: maxWaitTime, minBytes, maxBytes, isolationLevel } = request;
        const topics = topicsOf(request);
        const theirs = requestV11({ replicaId: -1, maxWaitTime, minBytes, maxBytes, isolationLevel, topics });
        const { buffer } = await theirs.encode();
        expect(encodeFetch(request, room).subarray(room).equals(buffer)).toBe(true);
      }),
    );
  });
});

describe('an answer', () => {
  const records = fc.array(
    fc.record({
      timestampDelta: fc.integer({ min: -1_000, max: 2 ** 40 }),
      key: fc.option(bytes(100)),
      value: fc.option(bytes(2_000)),
      headers: fc.dictionary(
        fc.constantFrom('a', 'b', 'trace'),
        fc.oneof(bytes(10), fc.array(bytes(10), { minLength: 1 })),
      ),
    }),
    { minLength: 1, maxLength: 20 },
  );
  const batches: fc.Arbitrary<readonly AnsweredBatch[]> = fc.array(
    fc.record({
      firstOffset: offsets,
      firstTimestamp: fc.integer({ min: 0, max: 2 ** 42 }),
      maxTimestamp: fc.integer({ min: 1, max: 2 ** 42 }),
      // The broker's time or the producer's.
      attributes: fc.constantFrom(0, 8),
      records: records.map((list) => list.map((record, offsetDelta) => ({ ...record, offsetDelta }))),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const partitions: fc.Arbitrary<readonly AnsweredPartition[]> = fc.array(
    fc.record({
      topic: fc.constantFrom('calls', 'é'),
      partition: fc.nat(9),
      highWatermark: offsets,
      batches: fc.oneof(batches, fc.constant([])),
    }),
  );

  /** What kafkajs makes of it, as far as a consumer of it sees. */
  async function byKafkajs(answer: Buffer): Promise<object[]> {
    const { responses } = await response.parse(await response.decode(answer));
    return responses.flatMap(({ topicName: topic, partitions: all }) =>
      all
        .filter(({ messages }) => messages.length > 0)
        .map(({ partition, highWatermark, messages }) => ({
          topic,
          partition,
          highWatermark: Number(highWatermark),
          messages: messages.map(({ attributes, timestamp, offset, key, value, headers }) => ({
            ...{ attributes, timestamp, offset, key, value, headers },
          })),
        })),
    );
  }

  const wantedOf = (answered: readonly AnsweredPartition[]) =>
    answered.map(({ topic, partition }) => ({ topic, partition, offset: 0 }));

  test('brings the records that kafkajs reads in it', async () => {
    await fc.assert(
      fc.asyncProperty(partitions, fc.nat(1_000), async (answered, throttleMs) => {
        const answer = await fetchAnswer(answered, throttleMs);
        const expected = { throttleMs, partitions: await byKafkajs(answer) };
        expect(decodeFetched(answer, wantedOf(answered))).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  const record = (offsetDelta: number) => ({ offsetDelta, key: null, value: Buffer.alloc(100, offsetDelta) });
  const batch = (firstOffset: number, more: Partial<AnsweredBatch> = {}): AnsweredBatch => ({
    firstOffset,
    records: [record(0), record(1)],
    ...more,
  });
  const partition = (more: Partial<AnsweredPartition>): AnsweredPartition => ({ topic: 't', partition: 3, ...more });

  async function offsetsFrom(offset: number, answered: AnsweredPartition): Promise<string[] | undefined> {
    const fetched = decodeFetched(await fetchAnswer([answered]), [{ topic: 't', partition: 3, offset }]);
    return fetched?.partitions.flatMap(({ messages }) => messages.map((message) => message.offset));
  }

  test('has its records from the wanted offset on, though the batch begins before', async () => {
    expect(await offsetsFrom(11, partition({ batches: [batch(10), batch(12)] }))).toEqual(['11', '12', '13']);
  });

  test('leaves out a batch that was cut off at its end', async () => {
    expect(await offsetsFrom(10, partition({ batches: [batch(10), batch(12)], cutOff: 1 }))).toEqual(['10', '11']);
  });

  test('without records brings none', async () => {
    expect(await offsetsFrom(10, partition({}))).toEqual([]);
  });

  test.each<[string, Partial<AnsweredPartition>]>([
    ['an error', { errorCode: 6 }],
    ['another replica to read from', { preferredReadReplica: 2 }],
    ['an aborted transaction', { abortedTransactions: 1, batches: [batch(10)] }],
    ['records of a transaction', { batches: [batch(10, { transactional: true })] }],
    ['compressed records', { batches: [batch(10), batch(12, { compression: 1 })] }],
    ['control records', { batches: [batch(10, { attributes: 0x20 })] }],
    ['no record from the wanted offset on: the log was compacted', { batches: [batch(2)] }],
    ['records of which none is whole', { batches: [batch(10)], cutOff: 1 }],
  ])('with %s is left to kafkajs', async (_what, answered) => {
    expect(await offsetsFrom(10, partition(answered))).toBeUndefined();
  });

  test('of a partition that nobody asked for is left to kafkajs', async () => {
    expect(await offsetsFrom(10, { topic: 'other', partition: 3, batches: [batch(10)] })).toBeUndefined();
  });
});
