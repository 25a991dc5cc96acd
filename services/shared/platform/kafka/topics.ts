import { setTimeout as pause } from 'node:timers/promises';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';
import { DependencyError } from '../../core/errors.js';

/**
 * The topics of the system and their settings.
 *
 * Ours keep records for 7 days: the longest outage that loses nothing. They take records of up to 4 MiB, because a job
 * is larger than the event that it carries. The retry topics are stamped by the broker, so that their order is that
 * of its clock whatever the producers' clocks say.
 */
export interface Topics {
  readonly callEvents: string;
  readonly whatsappEvents: string;
  readonly dispatch: string;
  readonly overflow: string;
  readonly retry: string;
  readonly longRetry: string;
  readonly deadLetter: string;
}

export const RECORD_MAX_BYTES = 4 * 1024 * 1024;
const RETENTION_MS = 7 * 24 * 3600 * 1000;

/**
 * Creates the topics that are missing, and returns when each partition has a leader; leaves those that exist as they are.
 * @throws DependencyError
 */
export async function createTopics(
  kafka: Kafka,
  topics: Topics,
  layout: { readonly partitions: number; readonly replicationFactor: number },
): Promise<readonly string[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = (Object.entries(topics) as [keyof Topics, string][]).filter(([, name]) => !existing.has(name));
    const names = missing.map(([, name]) => name);
    if (names.length > 0) {
      const configs = missing.map(([role, name]) => topicConfig(role, name, layout));
      await admin.createTopics({ waitForLeaders: false, topics: configs });
      await untilLed(admin, names);
    }
    return names;
  });
}

const LED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** kafkajs's own wait fails on a broker that has not heard of the new topic yet. */
async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const until = performance.now() + LED_WITHIN_MS;
  for (;;) {
    try {
      const metadata = await admin.fetchTopicMetadata({ topics });
      const partitions = metadata.topics.map((topic) => topic.partitions);
      if (partitions.every((ofTopic) => ofTopic.length > 0 && ofTopic.every(({ leader }) => leader >= 0))) return;
      if (performance.now() > until) throw new Error('a new topic has partitions without a leader');
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** The names among `needed` that don't exist. @throws DependencyError */
export function missingTopics(kafka: Kafka, needed: readonly string[]): Promise<readonly string[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    return needed.filter((name) => !existing.has(name));
  });
}

function topicConfig(
  role: keyof Topics,
  topic: string,
  { partitions, replicationFactor }: { readonly partitions: number; readonly replicationFactor: number },
): ITopicConfig {
  const configEntries = [
    { name: 'retention.ms', value: String(RETENTION_MS) },
    { name: 'max.message.bytes', value: String(RECORD_MAX_BYTES) },
  ];
  if (role === 'retry' || role === 'longRetry')
    configEntries.push({ name: 'message.timestamp.type', value: 'LogAppendTime' });
  return { topic, numPartitions: partitions, replicationFactor, configEntries };
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw new DependencyError('kafka', (error as Error).message, { cause: error });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
