import { afterEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { Message } from 'kafkajs';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import requestV7 from 'kafkajs/src/protocol/requests/produce/v7/request.js';
import {
  decodeProduced,
  encodeProduce,
  type PartitionMessages,
} from '../../../../services/shared/platform/kafka/produce-encoding.js';
import { NOW } from '../../../support/samples.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What kafkajs itself makes of it. */
async function original(topic: string, partitions: readonly PartitionMessages[]): Promise<Buffer> {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
  const topicData = [{ topic, partitions }];
  return (await requestV7({ acks: -1, timeout: 30_000, topicData }).encode()).buffer;
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));
const messages: fc.Arbitrary<Message[]> = fc.array(
  fc.record({
    key: fc.oneof(fc.constant(null), fc.string({ unit: 'grapheme' }), bytes(100)),
    value: fc.oneof(fc.constant(null), fc.string(), bytes(3_000)),
  }),
  { minLength: 1, maxLength: 150, size: 'max' },
);
const topics = fc.string({ maxLength: 200 });
const shares = fc.array(fc.record({ partition: fc.nat(1_000), messages }), { maxLength: 4 });

test('the bytes are those that kafkajs makes, whatever the records', async () => {
  await fc.assert(
    fc.asyncProperty(topics, shares, async (topic, partitions) => {
      expect(encodeProduce(topic, partitions, NOW, 0).equals(await original(topic, partitions))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('also where lengths need more bytes: records of a megabyte, ten thousand of them, one without a key', async () => {
  for (const records of [[Buffer.alloc(1_100_000, 7)], Array.from({ length: 10_000 }, () => Buffer.from('x'))]) {
    const partitions = [
      { partition: 0, messages: [{ value: 'y' }, ...records.map((value) => ({ key: null, value }))] },
    ];
    expect(encodeProduce('t', partitions, NOW, 0).equals(await original('t', partitions))).toBe(true);
  }
});

test('room is left in front of it for a header', () => {
  expect(encodeProduce('t', [], NOW, 20).subarray(20)).toEqual(encodeProduce('t', [], NOW, 0));
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

test('an answer tells which partitions have stored what was sent, and for how long to be quiet', () => {
  const stored = [0, 5].map((partition) => ({ partition, errorCode: 0 }));
  expect(decodeProduced(answer(stored, 30))).toEqual({ acknowledged: [0, 5], throttleMs: 30 });
  expect(decodeProduced(answer([...stored, { partition: 1, errorCode: 6 }], 0)).acknowledged).toEqual([0, 5]);
});
