import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Message } from 'kafkajs';
import { produceDirectly } from '../../../../services/shared/platform/kafka/direct-produce.js';
import { encodeProduce } from '../../../../services/shared/platform/kafka/produce-encoding.js';
import { scriptedCluster, stored, type ScriptedCluster } from '../../../support/scripted-cluster.js';

/**
 * The fears: a record that counts as acknowledged and is nowhere, and one that is sent to some brokers when others can't
 * be sent theirs, so that all of it is sent again.
 */
const HEADER_BYTES = 15;

let scripted: ScriptedCluster;

beforeEach(() => {
  scripted = scriptedCluster();
});

const messageOf = (partition: number, value: string): Message => ({ key: String(partition), value });
const choose = ({ message }: { message: Message }): number => Number(message.key);
const produce = (...messages: Message[]) => produceDirectly(scripted.cluster, choose, 't', messages);

describe('what is to be sent', () => {
  test('goes to the leaders of its partitions at once, a partition in order', async () => {
    const messages = [messageOf(0, 'a'), messageOf(1, 'b'), messageOf(2, 'c'), messageOf(0, 'd')];
    const { requests } = scripted;
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
    scripted.answers[1] = stored([2], [0], 25);
    expect(await produce(messageOf(0, 'a'), messageOf(1, 'b'), messageOf(2, 'c'))).toEqual(new Set([1, 2]));
    expect(scripted.told).toEqual(['throttled 25']);
  });

  test('is not acknowledged by a broker that ends the connection, nor does that concern others', async () => {
    scripted.answers[1] = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
    expect(await produce(messageOf(0, 'a'), messageOf(1, 'b'))).toEqual(new Set([1]));
    expect(scripted.told).toEqual(['disconnected']);
  });

  test('is not acknowledged by one that does not answer', async () => {
    scripted.answers[1] = Object.assign(new Error('late'), { name: 'KafkaJSRequestTimeoutError' });
    expect(await produce(messageOf(0, 'a'))).toEqual(new Set());
    expect(scripted.told).toEqual(['Response Produce(key: 0, version: 7): late']);
  });
});

describe('nothing is sent', () => {
  test.each<[string, () => unknown]>([
    ['before kafkajs has read the metadata', () => (scripted.brokerPool.metadata = null)],
    ['when they are old', () => (scripted.brokerPool.metadataExpireAt = Date.now() - 1)],
    ['to a topic of which it reads none', () => scripted.targetTopics.clear()],
    ['to one that has no partitions', () => (scripted.partitions.length = 0)],
    ['while a partition has no leader', () => (scripted.partitions[1]!.leader = -1)],
    ['while one of the leaders is not connected', () => delete scripted.brokerPool.brokers[2]],
    [
      'to an old broker',
      () => Object.assign(scripted.brokerPool.brokers[2]!, { versions: { 0: { minVersion: 0, maxVersion: 6 } } }),
    ],
  ])('%s', async (_when, change) => {
    change();
    expect(await produce(messageOf(0, 'a'), messageOf(1, 'b'))).toEqual(new Set());
    expect(scripted.requests).toEqual([]);
  });
});
