/**
 * Handshakes with MongoDB: is this a primary that takes writes, and, for a server of ours, make it one. Services
 * use transactions and change streams, so a mongod without a replica set would not do.
 */
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb';
import { poll } from './poll.js';

const replicaSet = 'rs0';

/** The address under which services reach a server of the stack. */
export function mongodbUri(port: number): string {
  return `mongodb://127.0.0.1:${port}/?replicaSet=${replicaSet}`;
}

/** One handshake: rejects unless the address leads to a primary of a replica set. */
export async function expectMongodbPrimary(uri: string): Promise<void> {
  await withAdmin(uri, { serverSelectionTimeoutMS: 3_000 }, async (admin) => {
    const answer = await admin.command({ hello: 1 });
    if (answer['isWritablePrimary'] !== true || answer['setName'] === undefined) {
      throw new Error('the server is not the primary of a replica set');
    }
  });
}

/**
 * Makes a fresh or restarted mongod the primary of its one-node replica set, and waits until it is. A data folder
 * remembers the port of its last start; when that differs, the node would wait for a member that is never there, so
 * the configuration is forced to the new address.
 */
export async function makeMongodbPrimary(port: number, signal: AbortSignal): Promise<void> {
  const host = `127.0.0.1:${port}`;
  await withAdmin(`mongodb://${host}/`, { directConnection: true, serverSelectionTimeoutMS: 5_000 }, async (admin) => {
    const config = await readConfig(admin);
    const member = config?.members[0];
    if (config === undefined) {
      await admin.command({ replSetInitiate: { _id: replicaSet, members: [{ _id: 0, host }] } });
    } else if (member?.host !== host || config.members.length !== 1) {
      const renamed = { ...config, version: config.version + 1, members: [{ ...member, host }] };
      await admin.command({ replSetReconfig: renamed, force: true });
    }
    await poll(
      async () => {
        if ((await admin.command({ hello: 1 }))['isWritablePrimary'] !== true) throw new Error('not primary yet');
      },
      { everyMs: 30, signal },
    );
  });
}

interface ReplicaSetConfig {
  readonly version: number;
  readonly members: readonly { readonly _id: number; readonly host: string }[];
}

async function readConfig(admin: Db): Promise<ReplicaSetConfig | undefined> {
  try {
    return (await admin.command({ replSetGetConfig: 1 }))['config'] as ReplicaSetConfig;
  } catch (error) {
    if ((error as { codeName?: string }).codeName === 'NotYetInitialized') return undefined;
    throw error;
  }
}

async function withAdmin(uri: string, options: MongoClientOptions, use: (admin: Db) => Promise<void>): Promise<void> {
  const client = new MongoClient(uri, options);
  try {
    await client.connect();
    await use(client.db('admin'));
  } finally {
    await client.close();
  }
}
