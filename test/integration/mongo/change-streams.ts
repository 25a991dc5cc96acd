import type { Db, Document } from 'mongodb';

/** The ids of the change streams that are open on this database's webhooks, those in a getMore included. */
export async function openStreams(db: Db): Promise<unknown[]> {
  const operations = await db.client
    .db('admin')
    .aggregate(
      [{ $currentOp: { idleCursors: true, allUsers: true } }, { $match: { ns: `${db.databaseName}.webhooks` } }],
      { readConcern: { level: 'local' } },
    )
    .toArray();
  return operations
    .map((operation) => operation['cursor'] as Document | undefined)
    .filter((cursor) => cursor?.['tailable'] === true)
    .map((cursor) => cursor?.['cursorId'] as unknown);
}

/** Ends them on the server, as a restart or a time-out would. */
export async function killStreams(db: Db): Promise<number> {
  const cursors = await openStreams(db);
  if (cursors.length > 0) await db.command({ killCursors: 'webhooks', cursors });
  return cursors.length;
}
