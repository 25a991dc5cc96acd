import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../process/project-root.js';

/** The records that travel in Kafka; each is a folder of schemas/ (schemas/README.md says who writes and reads it). */
export const RECORD_NAMES = ['call-event', 'whatsapp-event', 'delivery-job', 'dead-letter'] as const;

export type RecordName = (typeof RECORD_NAMES)[number];

/**
 * All versions of a record's schema, oldest first, as compact JSON: the layout of the file is no part of the schema,
 * so formatting it never makes the registry see another one.
 * @throws Error when the folder holds none, or when a version is missing between the first and the newest
 */
export function schemaVersions(record: RecordName): readonly string[] {
  const folder = join(projectRoot(), 'schemas', record);
  const count = readdirSync(folder).filter((name) => /^v\d+\.avsc$/.test(name)).length;
  if (count === 0) throw new Error(`${folder} holds no v1.avsc`);
  return Array.from({ length: count }, (_, index) => {
    const text = readFileSync(join(folder, `v${index + 1}.avsc`), 'utf8');
    return JSON.stringify(JSON.parse(text));
  });
}

/** The version that we read into and write. */
export function newestSchema(record: RecordName): string {
  return schemaVersions(record).at(-1) as string;
}
