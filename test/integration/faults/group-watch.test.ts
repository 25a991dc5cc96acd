import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { encodeOffsetMap } from '../../../services/shared/core/offset-map.js';
import { createKafka } from '../../../services/shared/platform/kafka/client.js';
import { GroupWatch } from '../../faults/group-watch.js';

const id = `t${randomBytes(4).toString('hex')}`;
const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',');
const kafka = createKafka({ clientId: 'test', brokers, ssl: false, sasl: undefined }, () => undefined);
const admin = kafka.admin();
const group = { id: `${id}.group`, topic: `${id}.topic`, jobsPerRecord: 1 };
const MAP = { upTo: 9, incomplete: [{ from: 5, to: 7 }] };

beforeAll(async () => {
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: group.topic, numPartitions: 2 }] });
}, 60_000);

afterAll(async () => {
  await admin.deleteTopics({ topics: [group.topic] });
  await admin.disconnect();
});

/** A member of the group that commits what it is told to. */
async function member(groupId: string) {
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topic: group.topic });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  const commit = (partition: number, offset: number, metadata = '') =>
    consumer.commitOffsets([{ topic: group.topic, partition, offset: String(offset), metadata }]);
  return { commit, leave: () => consumer.disconnect() };
}

test('every commit of the groups is read, in order, with what it tells; also one that goes back', async () => {
  const [ours, others] = [await member(group.id), await member(`${id}.other`)];
  await ours.commit(0, 3);
  const watch = new GroupWatch(kafka, [group]);
  await watch.start();
  try {
    await ours.commit(0, 5, encodeOffsetMap(5, MAP));
    await ours.commit(1, 8);
    await ours.commit(0, 4);
    await others.commit(0, 1);
    const before = Date.now();
    await watch.caughtUp();
    const seen = watch.samples.map(({ partition, offset }) => `${partition}: ${offset}`);
    expect(seen.filter((text) => text.startsWith('0'))).toEqual(['0: 3', '0: 5', '0: 4']);
    expect(seen).toContain('1: 8');
    expect(watch.samples.find(({ offset }) => offset === 5)?.map).toEqual(MAP);
    for (const sample of watch.samples) {
      expect(sample).toMatchObject({ group: group.id, topic: group.topic });
      expect(before - sample.at).toBeLessThan(60_000);
      expect(sample.at).toBeLessThanOrEqual(before);
    }
    watch.forget();
    expect(watch.samples.map(({ offset }) => offset).sort()).toEqual([4, 8]);
  } finally {
    await Promise.all([watch.stop(), ours.leave(), others.leave()]);
  }
}, 90_000);
