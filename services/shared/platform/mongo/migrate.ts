import { setTimeout as pause } from 'node:timers/promises';
import { MongoServerError, type Db, type IndexDescriptionInfo } from 'mongodb';
import { ALL_PLANS } from './collections/all-plans.js';
import type { CollectionPlan } from './collections/collection-plan.js';
import { onMongo } from './mongo-errors.js';
import { SCHEMA_VERSION, SCHEMA_VERSION_COLLECTION, type SchemaVersionDocument } from './schema-version.js';

/**
 * Brings a database to the state that this build needs: every collection with its validator and its indexes, and the
 * version document last, so that no service starts on half of it.
 *
 * Idempotent, and safe to run from several processes at once: every step states the wanted result, and what a racer
 * did first counts as done. It never deletes documents and never drops an index or collection that it doesn't know.
 */

/** Another process changes the same collection just now: the step is tried again. */
const BUSY_CODES: ReadonlySet<number> = new Set([
  27, // IndexNotFound: the racer dropped it first
  12_586, // BackgroundOperationInProgressForDatabase
  12_587, // BackgroundOperationInProgressForNamespace
  112, // WriteConflict
  117, // ConflictingOperationInProgress
  276, // IndexBuildAborted
  11_000, // DuplicateKey of two upserts of the version document
]);
const NAMESPACE_EXISTS = 48;
const BUSY_TRIES = 40;
const BUSY_PAUSE_MS = 250;

/** @throws DependencyError when MongoDB is away */
export async function migrate(db: Db, now: Date): Promise<void> {
  for (const plan of ALL_PLANS) {
    await whenFree(() => ensureCollection(db, plan));
    await whenFree(() => ensureIndexes(db, plan));
  }
  const versions = db.collection<SchemaVersionDocument>(SCHEMA_VERSION_COLLECTION);
  await whenFree(() =>
    versions.updateOne(
      { _id: 'schema' },
      { $max: { version: SCHEMA_VERSION }, $set: { migratedAt: now } },
      { upsert: true },
    ),
  );
}

async function ensureCollection(db: Db, plan: CollectionPlan): Promise<void> {
  const rules = {
    validator: { $jsonSchema: plan.schema },
    validationLevel: 'strict',
    validationAction: 'error',
  } as const;
  try {
    await db.createCollection(plan.name, rules);
  } catch (error) {
    if (!hasCode(error, NAMESPACE_EXISTS)) throw error;
    await db.command({ collMod: plan.name, ...rules });
  }
}

/** Creates the missing indexes; one whose definition changed is dropped by its name and made anew. */
async function ensureIndexes(db: Db, plan: CollectionPlan): Promise<void> {
  const collection = db.collection(plan.name);
  const present = new Map((await collection.indexes()).map((index) => [index.name, index]));
  for (const index of plan.indexes) {
    const old = present.get(index.name);
    if (old !== undefined && !isSameIndex(old, index)) await collection.dropIndex(index.name);
  }
  if (plan.indexes.length > 0) await collection.createIndexes([...plan.indexes]);
}

function isSameIndex(old: IndexDescriptionInfo, wanted: CollectionPlan['indexes'][number]): boolean {
  return (
    JSON.stringify(old.key) === JSON.stringify(wanted.key) &&
    (old.unique ?? false) === (wanted.unique ?? false) &&
    old.expireAfterSeconds === wanted.expireAfterSeconds
  );
}

async function whenFree(step: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await onMongo('migrating', step, Infinity);
      return;
    } catch (error) {
      if (tries === BUSY_TRIES || !isBusy(error)) throw error;
      await pause(BUSY_PAUSE_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return [...BUSY_CODES].some((code) => hasCode(cause, code));
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof MongoServerError && Number(error.code) === code;
}
