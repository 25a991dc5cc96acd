import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { event, startSystem, type System } from '../../support/system.js';
import { until } from '../../support/waiting.js';

/**
 * That records expired unread is known from kafkajs's log alone, by its words: with a kafkajs that words it differently,
 * the only alarm of a real loss would be silent.
 */
let system: System;

beforeAll(async () => {
  system = await startSystem([]);
}, 120_000);

afterAll(async () => {
  await system?.close();
});

test('records that expired before their consumer came back are an error in its log, for each partition', async () => {
  const { topics, kafka } = system.config;
  await system.produce(Array.from({ length: 30 }, () => event('call.initiated', 'co_expired')));
  const admin = system.kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topics.callEvents);
  const left = ends.filter(({ high }) => high !== '0').map(({ partition, high }) => ({ partition, offset: high }));
  expect(left).not.toEqual([]);
  await admin.setOffsets({
    groupId: `${kafka.prefix}call-consumer`,
    topic: topics.callEvents,
    partitions: left.map(({ partition }) => ({ partition, offset: '0' })),
  });
  await admin.deleteTopicRecords({ topic: topics.callEvents, partitions: left });
  await admin.disconnect();
  const { lines } = await system.start('call-consumer');
  const told = await until(
    () => lines.filter((line) => line.event === 'records.expired'),
    (found) => found.length >= left.length,
  );
  expect(new Set(told.map(({ partition }) => partition))).toEqual(new Set(left.map(({ partition }) => partition)));
  for (const line of told) expect(line).toMatchObject({ level: 'error', topic: topics.callEvents });
});
