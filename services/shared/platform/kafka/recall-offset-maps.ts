import type { Kafka } from 'kafkajs';
import { decodeOffsetMap } from '../../core/offset-map.js';
import type { HeldPartition } from './held-partitions.js';

/** How long a member waits for it before it reads without. */
const WITHIN_MS = 3_000;

/**
 * Reads what the owners before us told with their commits of partitions that are new here. Where that isn't known in
 * time, what they had finished is done again: it rejects then, and nothing is lost.
 */
export async function recallOffsetMaps(
  kafka: Kafka,
  groupId: string,
  partitions: readonly HeldPartition[],
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${WITHIN_MS} ms`)), WITHIN_MS);
  });
  try {
    await Promise.race([recall(kafka, groupId, partitions), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function recall(kafka: Kafka, groupId: string, partitions: readonly HeldPartition[]): Promise<void> {
  const admin = kafka.admin({ retry: { retries: 1 } });
  try {
    await admin.connect();
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const commits = new Map(
      (await admin.fetchOffsets({ groupId, topics })).map((commit) => [commit.topic, commit.partitions]),
    );
    for (const { topic, partition, progress } of partitions) {
      const commit = commits.get(topic)?.find((one) => one.partition === partition);
      const base = Number(commit?.offset ?? -1);
      const map = decodeOffsetMap(base, commit?.metadata);
      if (base >= 0 && map !== undefined) progress.recall(base, map);
    }
  } finally {
    await admin.disconnect();
  }
}
