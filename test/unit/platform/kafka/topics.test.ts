import { expect, test } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { createTopics } from '../../../../services/shared/platform/kafka/topics.js';

/** A busy broker may not have heard yet of the topic that it was just asked to create. */
const TOPICS = {
  ...{ callEvents: 'calls', whatsappEvents: 'whatsapp', dispatch: 'd', overflow: 'o', retry: 'r', longRetry: 'l' },
  deadLetter: 'dead',
};
const unknown = Object.assign(new Error('This server does not host this topic-partition'), {
  type: 'UNKNOWN_TOPIC_OR_PARTITION',
});

function kafkaOf(existing: readonly string[], ...answers: (Error | number)[]) {
  const created: string[] = [];
  const asked: (readonly string[])[] = [];
  const admin = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    listTopics: () => Promise.resolve(existing),
    createTopics: ({ topics }: { topics: { topic: string }[] }) => {
      created.push(...topics.map(({ topic }) => topic));
      return Promise.resolve(true);
    },
    fetchTopicMetadata: ({ topics }: { topics: string[] }) => {
      asked.push(topics);
      const answer = answers.shift() ?? 1;
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({ topics: topics.map((name) => ({ name, partitions: [{ leader: answer }] })) });
    },
  };
  return { kafka: { admin: () => admin } as unknown as Kafka, created, asked };
}

test('what is missing is created, and waited for until each partition has a leader', async () => {
  const { kafka, created, asked } = kafkaOf(['calls', 'whatsapp', 'd', 'o', 'r'], unknown, -1, 1);
  const layout = { partitions: 1, replicationFactor: 1 };
  expect(await createTopics(kafka, TOPICS, layout)).toEqual(['l', 'dead']);
  expect([created, asked]).toEqual([['l', 'dead'], Array(3).fill(['l', 'dead'])]);
});

test('where nothing is missing nothing is asked', async () => {
  const { kafka, created, asked } = kafkaOf(Object.values(TOPICS));
  expect(await createTopics(kafka, TOPICS, { partitions: 1, replicationFactor: 1 })).toEqual([]);
  expect([created, asked]).toEqual([[], []]);
});
