import { MongoClient, type Db } from 'mongodb';
import { onMongo } from './mongo-errors.js';

/** Where MongoDB is, and which database of it is ours. */
export interface MongoSettings {
  /** `mongodb://…` or `mongodb+srv://…`; may hold credentials, so it is never logged. */
  readonly uri: string;
  readonly database: string;
  /** Shown in the server's logs and in `currentOp`: the name of the service. */
  readonly appName: string;
  /** Most connections of this process to one server; 32 when absent. */
  readonly maxPoolSize?: number;
  /** How long a socket may be silent while we wait for an answer; 15 s when absent. 0 for ever: to build indexes. */
  readonly socketTimeoutMS?: number;
}

export interface MongoConnection {
  readonly client: MongoClient;
  readonly db: Db;
  close(): Promise<void>;
}

/**
 * How often the driver (7) looks for connections that were idle for too long. It has no public option for it, and looks
 * ten times a second: at 200 events/s that was 1.5 % of all CPU (DECISIONS 54).
 */
const IDLE_CHECK_MS = 5_000;

/**
 * Connects with the bounds that keep a consumer alive while MongoDB is away: every wait ends well before Kafka would
 * evict us (the driver's defaults are 30 s for finding a server, and for ever on a silent socket or a full pool).
 * Writes are acknowledged by a majority and reads see only what a majority has, so that no failover takes back what
 * an offset was committed for.
 * @throws DependencyError when no primary answers within 3 s
 */
export async function connectMongo(settings: MongoSettings): Promise<MongoConnection> {
  const client = new MongoClient(settings.uri, {
    appName: settings.appName,
    serverSelectionTimeoutMS: 3_000,
    socketTimeoutMS: settings.socketTimeoutMS ?? 15_000,
    waitQueueTimeoutMS: 5_000,
    // A server that vanishes without a word is noticed after both together; its sockets are then cut at once.
    connectTimeoutMS: 3_000,
    heartbeatFrequencyMS: 3_000,
    maxPoolSize: settings.maxPoolSize ?? 32,
    maxIdleTimeMS: 300_000,
    retryReads: true,
    retryWrites: true,
    writeConcern: { w: 'majority', wtimeoutMS: 10_000 },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    ignoreUndefined: false,
  });
  Object.assign(client.options, { minPoolSizeCheckFrequencyMS: IDLE_CHECK_MS });
  try {
    await onMongo('connecting', () => client.connect());
  } catch (error) {
    await client.close();
    throw error;
  }
  return { client, db: client.db(settings.database), close: () => client.close() };
}

/** Whether a primary answers a ping within `timeoutMs`; for /readyz, so it never throws. */
export async function isMongoReachable(db: Db, timeoutMs = 1_000): Promise<boolean> {
  const answered = db.command({ ping: 1 }).then(
    () => true,
    () => false,
  );
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  try {
    return await Promise.race([answered, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
