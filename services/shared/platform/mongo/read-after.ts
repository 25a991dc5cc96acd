import type { ClientSession, Db, Timestamp } from 'mongodb';

/**
 * Runs a read that sees at least the state of `instant`. After a failover the new primary's majority can lag behind
 * a change that the old one already announced; a plain read there would bring the old value back into a cache.
 */
export async function readAfter<T>(
  db: Db,
  instant: Timestamp | undefined,
  read: (session: ClientSession) => Promise<T>,
): Promise<T> {
  return db.client.withSession({ causalConsistency: true }, async (session) => {
    if (instant !== undefined) session.advanceOperationTime(instant);
    return read(session);
  });
}
