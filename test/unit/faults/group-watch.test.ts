import { describe, expect, test } from '@jest/globals';
import type { EachMessageHandler, Kafka } from 'kafkajs';
import { GroupWatch } from '../../faults/group-watch.js';

const GROUP = { id: 'delivery', topic: 'dispatch', jobsPerRecord: 1 };

function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeInt16BE(value.length);
  return Buffer.concat([length, Buffer.from(value)]);
}

/** Version 1 of both, with no metadata. */
function commit(offset: bigint, at: number) {
  const version = Buffer.from([0, 1]);
  const [position, time] = [Buffer.alloc(8), Buffer.alloc(8)];
  position.writeBigInt64BE(offset);
  return {
    key: Buffer.concat([version, text(GROUP.id), text(GROUP.topic), Buffer.alloc(4)]),
    value: Buffer.concat([version, position, text(''), time]),
    ...{ offset: String(at), timestamp: String(at), attributes: 0 },
  };
}

/** As far as a watch asks it: it takes part in the group at once, and gives what it is told to give. */
function kafkaOf(messages: readonly ReturnType<typeof commit>[]): Kafka {
  const consumer = {
    events: { CRASH: 'crash', GROUP_JOIN: 'join' },
    on: (event: string, listen: () => void) => void (event === 'join' && listen()),
    connect: () => Promise.resolve(),
    subscribe: () => Promise.resolve(),
    run: async ({ eachMessage }: { eachMessage: EachMessageHandler }) => {
      for (const message of messages)
        await eachMessage({ partition: 0, message } as unknown as Parameters<EachMessageHandler>[0]);
    },
  };
  return { admin: () => ({ connect: () => Promise.resolve() }), consumer: () => consumer } as unknown as Kafka;
}

test('a commit of "the earliest", where an offset was out of range, is no position', async () => {
  const watch = new GroupWatch(kafkaOf([commit(68n, 1), commit(-2n, 2), commit(70n, 3)]), [GROUP]);
  await watch.start();
  expect(watch.samples.map(({ offset, at }) => ({ offset, at }))).toEqual([
    { offset: 68, at: 1 },
    { offset: 70, at: 3 },
  ]);
});

describe('the lag of a group that has committed 5 and 7', () => {
  test.each<[string, readonly [number, number], number | undefined]>([
    ['is what stands beyond that', [6, 9], 3],
    ['is none at the end', [5, 7], 0],
    ['is not known where a partition ends before that', [9, 6], undefined],
  ])('%s', async (_, highs, lag) => {
    const partitions = [5, 7].map((offset, partition) => ({ partition, offset: String(offset), metadata: '' }));
    const admin = {
      fetchOffsets: () => Promise.resolve([{ topic: GROUP.topic, partitions }]),
      fetchTopicOffsets: () =>
        Promise.resolve(highs.map((high, partition) => ({ partition, high: String(high), low: '0' }))),
    };
    const kafka = { admin: () => admin, consumer: () => undefined } as unknown as Kafka;
    await expect(new GroupWatch(kafka, [GROUP]).lagOf(GROUP)).resolves.toBe(lag);
  });
});
