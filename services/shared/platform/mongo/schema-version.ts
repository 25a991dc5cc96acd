import type { Db } from 'mongodb';
import { ConfigError } from '../../core/errors.js';
import { onMongo } from './mongo-errors.js';

/** Rises with every change of a collection's validator or indexes that running code relies on. */
export const SCHEMA_VERSION = 8;

export const SCHEMA_VERSION_COLLECTION = 'schema_version';

export interface SchemaVersionDocument {
  readonly _id: 'schema';
  readonly version: number;
  readonly migratedAt: Date;
}

/**
 * What every service calls at its start, so that none works without the unique index that holds the limit of ten or
 * the index that expires logs. A database that is ahead is fine: it is migrated before the services are rolled out.
 * @throws ConfigError when the database was not migrated far enough
 * @throws DependencyError when MongoDB is away
 */
export async function assertMigrated(db: Db): Promise<void> {
  const versions = db.collection<SchemaVersionDocument>(SCHEMA_VERSION_COLLECTION);
  const found = await onMongo('reading the schema version', () => versions.findOne({ _id: 'schema' }));
  const version = found?.version ?? 0;
  if (version >= SCHEMA_VERSION) return;
  throw new ConfigError([
    `database "${db.databaseName}" has schema version ${version}, this build needs ${SCHEMA_VERSION}: run npm run migrate`,
  ]);
}
