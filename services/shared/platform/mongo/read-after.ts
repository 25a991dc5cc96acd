import type { ClientSession, Db, Timestamp } from 'mongodb';
import { onMongo } from './mongo-errors.js';

/** What the read must be made with. */
export interface ReadAfterOptions {
  readonly session: ClientSession;
  readonly readConcern: { readonly level: 'majority' };
}

/** A look-up by index that takes longer is worth less than a new one. */
const DEADLINE_MS = 5_000;

/**
 * Runs a read that sees at least the state of `instant`. After a failover the new primary's majority can lag behind
 * a change that the old one already announced; a plain read there would bring the old value back into a cache.
 *
 * The read concern is made anew for each read because the driver (7.9.0) writes the instant into the one that it is
 * given: the client's own would carry it into every later command.
 * @throws DependencyError when MongoDB is away or doesn't answer within 5 s
 */
export async function readAfter<T>(
  doing: string,
  db: Db,
  instant: Timestamp | undefined,
  read: (options: ReadAfterOptions) => Promise<T>,
): Promise<T> {
  const inSession = (session: ClientSession) => {
    if (instant !== undefined) session.advanceOperationTime(instant);
    return read({ session, readConcern: { level: 'majority' } });
  };
  return onMongo(doing, () => db.client.withSession({ causalConsistency: true }, inSession), DEADLINE_MS);
}
