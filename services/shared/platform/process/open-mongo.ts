import type { Db } from 'mongodb';
import { connectMongo, isMongoReachable } from '../mongo/connect.js';
import { onClockSkew } from '../mongo/clock-skew.js';
import { assertMigrated } from '../mongo/schema-version.js';
import type { ServiceContext } from './run-service.js';
import { watchClock } from './watch-clock.js';
import { watchDependency } from './watch-dependency.js';

export interface MongoDependencySettings {
  readonly mongodb: { readonly uri: string; readonly database: string };
}

/**
 * Opens MongoDB, and registers how it is closed and watched. Waits while it is away.
 * @throws ConfigError when the database is not prepared
 */
export async function openMongo(
  service: string,
  context: ServiceContext,
  settings: MongoDependencySettings,
): Promise<Db> {
  const mongo = await context.untilReachable('mongodb', () => connectMongo({ ...settings.mongodb, appName: service }));
  context.onShutdown('mongodb', () => mongo.close());
  watchClock(context, (tell) => onClockSkew(mongo.client, tell));
  await context.untilReachable('mongodb', () => assertMigrated(mongo.db));
  watchDependency(context, 'mongodb', () => isMongoReachable(mongo.db));
  return mongo.db;
}
