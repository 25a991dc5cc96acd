import { randomBytes } from 'node:crypto';
import type { CommandStartedEvent } from 'mongodb';
import { connectMongo, type MongoConnection } from '../../../services/shared/platform/mongo/connect.js';
import { migrate } from '../../../services/shared/platform/mongo/migrate.js';

/** A database of its own for one test file, and a record of every command that was sent to it. */
export interface TestDatabase extends MongoConnection {
  readonly name: string;
  readonly commands: CommandStartedEvent[];
  /** A further connection to the same database, by way of `uri` when given. */
  connectAgain(uri?: string): Promise<MongoConnection>;
  /** Drops the database and closes every connection. */
  end(): Promise<void>;
}

/** Address of the replica set that tests use. */
export function mongoUri(): string {
  const uri = process.env['MONGODB_URI'];
  if (uri === undefined || uri === '') throw new Error('MONGODB_URI must name a MongoDB replica set');
  return uri;
}

/** The same server, with a further option. */
export function withOption(uri: string, option: string): string {
  const [, base, query] = /^([^?]*)\??(.*)$/.exec(uri) as unknown as [string, string, string];
  const path = base.replace(/^(\w+(?:\+\w+)?:\/\/[^/]+)$/, '$1/');
  return `${path}?${query === '' ? '' : `${query}&`}${option}`;
}

/** `migrated: false` leaves it empty. */
export async function openTestDatabase(options: { readonly migrated?: boolean } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const opened: MongoConnection[] = [];
  const connectAgain = async (uri = mongoUri()) => {
    const connection = await connectMongo({
      uri: withOption(uri, 'monitorCommands=true'),
      database: name,
      appName: 'test',
    });
    opened.push(connection);
    return connection;
  };
  const connection = await connectAgain();
  const commands: CommandStartedEvent[] = [];
  connection.client.on('commandStarted', (event) => commands.push(event));
  if (options.migrated !== false) await migrate(connection.db, new Date());
  commands.length = 0;
  return {
    ...connection,
    name,
    commands,
    connectAgain,
    end: async () => {
      await connection.db.dropDatabase();
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}
