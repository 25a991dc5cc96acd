import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Partitioners, type Message } from 'kafkajs';
import { keyPartitioner } from '../../../../services/shared/platform/kafka/key-partitioner.js';

const ours = keyPartitioner();
const theirs = Partitioners.DefaultPartitioner();

function metadataOf(partitions: number) {
  const one = { partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1] };
  return Array.from({ length: partitions }, (_, partitionId) => ({ ...one, partitionId }));
}

function argumentsOf(message: Message, partitions: number) {
  return { topic: 't', partitionMetadata: metadataOf(partitions), message };
}

test('a key has the partition that every other client of Kafka gives it', () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(key, fc.integer({ min: 1, max: 200 }), (one, partitions) => {
      const args = argumentsOf({ key: one, value: null }, partitions);
      expect(ours(args)).toBe(theirs(args));
    }),
    { numRuns: 1_000 },
  );
});

// What Java's Utils.murmur2 gives, from the tests of Kafka itself.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('%s is hashed as in Java', (key, hash) => {
  const partitions = 1_000;
  expect(ours(argumentsOf({ key, value: null }, partitions))).toBe((hash & 0x7fffffff) % partitions);
});

test('a partition that is given is kept; without a key the partitions take turns', () => {
  expect(ours(argumentsOf({ key: 'a', value: null, partition: 2 }, 3))).toBe(2);
  const taken = Array.from({ length: 6 }, () => ours(argumentsOf({ value: null }, 3)));
  expect(new Set(taken).size).toBe(3);
});
