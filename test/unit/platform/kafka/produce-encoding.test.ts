import { afterEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { Message, ProduceOptions } from 'kafkajs/src/broker/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import requestV7 from 'kafkajs/src/protocol/requests/produce/v7/request.js';
import response from 'kafkajs/src/protocol/requests/produce/v7/response.js';
import { decodeProduced, encodeProduce } from '../../../../services/shared/platform/kafka/produce-encoding.js';
import { NOW } from '../../../support/samples.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What kafkajs itself makes of it. */
async function original(options: ProduceOptions): Promise<Buffer> {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
  return (await requestV7(options).encode()).buffer;
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));
const messages: fc.Arbitrary<readonly Message[]> = fc.array(
  fc.record({
    key: fc.oneof(fc.constant(null), fc.constant(undefined), fc.string({ unit: 'grapheme' }), bytes(100)),
    value: fc.oneof(fc.constant(null), fc.string(), bytes(3_000)),
  }),
  { minLength: 1, maxLength: 150, size: 'max' },
);
const requests: fc.Arbitrary<ProduceOptions> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(60_000),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ maxLength: 200 }),
      partitions: fc.array(fc.record({ partition: fc.nat(1_000), messages }), { maxLength: 4 }),
    }),
    { maxLength: 3 },
  ),
});

test('the bytes are those that kafkajs makes, whatever the records', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      expect(encodeProduce(request, NOW, 0).equals(await original(request))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('also where lengths need more bytes: records of a megabyte, ten thousand of them', async () => {
  for (const records of [[Buffer.alloc(1_100_000, 7)], Array.from({ length: 10_000 }, () => Buffer.from('x'))]) {
    const list = records.map((value) => ({ key: null, value }));
    const request = {
      acks: -1,
      timeout: 1,
      topicData: [{ topic: 't', partitions: [{ partition: 0, messages: list }] }],
    };
    expect(encodeProduce(request, NOW, 0).equals(await original(request))).toBe(true);
  }
});

test('room is left in front of it for a header', () => {
  const request = { acks: -1, timeout: 1, topicData: [] };
  expect(encodeProduce(request, NOW, 20).subarray(20)).toEqual(encodeProduce(request, NOW, 0));
});

/** Of a broker: each partition of topic t stored, or refused. */
function answer(partitions: readonly { partition: number; errorCode: number }[], throttleMs: number): Buffer {
  const bytes = new Encoder().writeInt32(1).writeString('t').writeInt32(partitions.length);
  for (const { partition, errorCode } of partitions)
    bytes
      .writeInt32(partition)
      .writeInt16(errorCode)
      .writeInt64(2 ** 40)
      .writeInt64(-1)
      .writeInt64(7);
  return bytes.writeInt32(throttleMs).buffer;
}

test('an answer is read as kafkajs reads it', async () => {
  const stored = answer(
    [0, 5].map((partition) => ({ partition, errorCode: 0 })),
    30,
  );
  expect(decodeProduced(stored)).toEqual(expect.objectContaining({ clientSideThrottleTime: 30 }));
  expect(await response.parse(await response.decode(stored))).toMatchObject(decodeProduced(stored) ?? {});
});

test('one that refuses a partition is left to kafkajs', () => {
  expect(
    decodeProduced(
      answer(
        [
          { partition: 0, errorCode: 0 },
          { partition: 1, errorCode: 6 },
        ],
        0,
      ),
    ),
  ).toBeUndefined();
});
