import type { ClientSession, Db } from 'mongodb';
import { onMongo } from './mongo-errors.js';

/**
 * Runs several writes as one: all of them are stored, or none. `work` passes the session to every operation and lets
 * the driver's errors through as they are, because their labels tell the driver to run the whole again when another
 * write came between; so it may run more than once.
 * @throws DependencyError when MongoDB is away; whether the writes were stored is unknown then
 */
export async function inTransaction<T>(
  doing: string,
  db: Db,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> {
  const session = db.client.startSession();
  try {
    return await onMongo(doing, () => session.withTransaction(() => work(session)));
  } finally {
    await session.endSession();
  }
}

/** How a write takes part in a transaction, or stands alone. */
export interface Within {
  readonly session?: ClientSession;
}

/** Runs one operation of a transaction as it is, and one that stands alone with the bounds of `onMongo`. */
export function within<T>(doing: string, { session }: Within, operation: () => Promise<T>): Promise<T> {
  return session === undefined ? onMongo(doing, operation) : operation();
}
