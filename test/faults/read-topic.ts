import { randomBytes } from 'node:crypto';
import type { IHeaders, Kafka } from 'kafkajs';

/** A record as it stands in its topic. */
export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms, by its producer's clock. */
  readonly at: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** All that a topic holds, read by a group of its own, from the beginning to where it ends now. */
export async function readTopic(kafka: Kafka, topic: string): Promise<StoredRecord[]> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  const missing = new Map(
    ends.filter(({ high, low }) => Number(high) > Number(low)).map(({ partition, high }) => [partition, Number(high)]),
  );
  const records: StoredRecord[] = [];
  if (missing.size === 0) return records;
  const consumer = kafka.consumer({
    groupId: `${topic}-reader-${randomBytes(4).toString('hex')}`,
    maxWaitTimeInMs: 100,
    retry: { retries: 10 },
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          const { partition } = batch;
          for (const { offset, timestamp, key, value, headers } of batch.messages)
            records.push({
              ...{ partition, offset: Number(offset), at: Number(timestamp) },
              ...{ key, value, headers: headers ?? {} },
            });
          if (Number(batch.lastOffset()) + 1 >= (missing.get(batch.partition) ?? 0)) missing.delete(batch.partition);
          if (missing.size === 0) resolve();
          await Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return records;
}
