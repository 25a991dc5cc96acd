import type { RegistryClient } from './registry-client.js';
import type { RecordName } from './schema-files.js';
import { schemaVersions } from './schema-files.js';

/** Which record a topic carries. */
export interface TopicRecord {
  readonly topic: string;
  readonly record: RecordName;
}

/** The name under which the registry keeps the schemas of a topic's values. */
export function subjectOf(topic: string): string {
  return `${topic}-value`;
}

/**
 * Registers every version of the topics' schemas, oldest first, with compatibility BACKWARD. Doing it again changes
 * nothing. Returns the id of the newest version by subject.
 * @throws DependencyError when the registry is away, or refuses a version as incompatible; what it said is the message
 */
export async function registerSchemas(
  registry: Pick<RegistryClient, 'register'>,
  topics: readonly TopicRecord[],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const { topic, record } of topics) {
    for (const schema of schemaVersions(record)) {
      ids.set(subjectOf(topic), await registry.register(subjectOf(topic), schema));
    }
  }
  return ids;
}
