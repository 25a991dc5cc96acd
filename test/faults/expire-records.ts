import type { Kafka } from 'kafkajs';
import type { Place } from './history.js';

/** Deletes all records that the topics have by now, as a retention that is over does. Returns the oldest places left. */
export async function expireRecords(kafka: Kafka, topics: readonly string[]): Promise<Place[]> {
  const admin = kafka.admin();
  const left: Place[] = [];
  await admin.connect();
  try {
    for (const topic of topics) {
      const ends = await admin.fetchTopicOffsets(topic);
      const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.deleteTopicRecords({ topic, partitions });
      left.push(...ends.map(({ partition, high }) => ({ topic, partition, offset: Number(high) })));
    }
    return left;
  } finally {
    await admin.disconnect();
  }
}
