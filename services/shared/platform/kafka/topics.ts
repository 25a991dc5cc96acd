import type { ITopicConfig, Kafka } from 'kafkajs';
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

/** Creates the topics that are missing; leaves those that exist as they are. @throws DependencyError */
export async function createTopics(
  kafka: Kafka,
  topics: Topics,
  layout: { readonly partitions: number; readonly replicationFactor: number },
): Promise<readonly string[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = (Object.entries(topics) as [keyof Topics, string][]).filter(([, name]) => !existing.has(name));
    if (missing.length > 0)
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map(([role, name]) => topicConfig(role, name, layout)),
      });
    return missing.map(([, name]) => name);
  });
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

async function withAdmin<T>(kafka: Kafka, work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
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
