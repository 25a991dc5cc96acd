import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { loadConfig } from '../../../config/index.js';
import type { Config } from '../../../config/schema.js';
import { migrateAll } from '../../../services/admin/migrate/migrate-all.js';
import { createKafka } from '../../../services/shared/platform/kafka/client.js';
import { connectMongo } from '../../../services/shared/platform/mongo/connect.js';
import { kafkaSettings } from '../../../services/shared/platform/process/open-dependencies.js';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import { splitByEnvironment } from '../choose-source.js';
import { temporaryDataFolder } from '../data-folder.js';
import { chooseFreePort, isPortFree } from '../free-port.js';
import { startProcessGuard, type ProcessGuard } from '../process-guard.js';
import { pipelineSettings } from '../simulator/pipeline-settings.js';
import { openPipelines, type Pipelines } from '../simulator/pipelines.js';
import { startStack } from '../stack.js';
import { demoEnvironment, keptEncryptionKeys, newEncryptionKeys } from './demo-environment.js';
import { DEMO_WEBHOOKS, WARM_UP_WEBHOOKS } from './demo-webhooks.js';
import { startReceiverProcess, type ReceiverProcess } from './receiver-process.js';
import { seedWebhooks } from './seed-webhooks.js';
import { keptPassword, seedUsers, signInLines } from './seed-users.js';
import { SERVICES, startService } from './service-processes.js';

/**
 * Everything that the demo runs: the servers, the migration, the customers' endpoints, their webhooks, the services, and
 * the pipelines that feed them. A start either leads to all of that, ready, or undoes what it began and throws.
 * What is stopped is stopped in the reverse order; what this process starts ends with it even if it is killed.
 */
export interface DemoSessionOptions {
  /** Servers, topics and database of its own, deleted at the end; else those that stay from one demo to the next. */
  readonly temporary: boolean;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
  /** Takes the sentence about a service that ended by itself. */
  readonly onServiceEnded: (sentence: string) => void;
}

export interface DemoSession {
  readonly receiver: ReceiverProcess;
  readonly pipelines: Pipelines;
  readonly db: Db;
  /** Ids of the webhooks by the path of their endpoint. */
  readonly webhookIds: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/** Where people look for it; another one if somebody listens there. */
const CONSOLE_PORT = 8_080;

type Cleanup = () => Promise<unknown> | undefined;

export async function startDemoSession(options: DemoSessionOptions): Promise<DemoSession> {
  const cleanups: Cleanup[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= undo(cleanups));
  try {
    return { ...(await start(options, cleanups)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: DemoSessionOptions, cleanups: Cleanup[]): Promise<Omit<DemoSession, 'stop'>> {
  const { temporary, report, signal, onServiceEnded } = options;
  const data = join(projectRoot(), '.data');
  const dataFolder = temporary ? temporaryDataFolder(data) : join(data, 'demo');
  // Not in the data folder, which is gone at the end: whoever looks for a fault looks afterwards.
  const runFolder = join(data, temporary ? 'demo-once-run' : 'demo-run');
  mkdirSync(runFolder, { recursive: true });
  const caFile = join(runFolder, `authority-${process.pid}.pem`);
  cleanups.push(() => rm(caFile, { force: true }));
  const webhooks = temporary ? [...DEMO_WEBHOOKS, ...WARM_UP_WEBHOOKS] : DEMO_WEBHOOKS;
  const guard = startProcessGuard();
  cleanups.push(() => guard.close());
  const [stack, receiver] = await both(
    startStack({ dataFolder, temporary, report, signal }).then((started) => {
      cleanups.push(() => started.stop());
      return started;
    }),
    startReceiverProcess(guard, webhooks, caFile).then((started) => {
      cleanups.push(() => started.stop());
      return started;
    }),
  );
  const usual = temporary ? undefined : CONSOLE_PORT;
  const adminPort = await chooseFreePort({ usual, isFree: isPortFree, random: Math.random });
  const env = demoEnvironment(process.env, {
    stack,
    adminPort,
    caFile,
    encryptionKeys: encryptionKeys(temporary, join(dataFolder, 'encryption-keys')),
    scope: temporary ? `demo_${randomBytes(4).toString('hex')}` : undefined,
  });
  const config = loadConfig(env);
  await migrateAll(config, report);
  const mongo = await connectMongo({ ...config.mongodb, appName: 'demo' });
  cleanups.push(() => mongo.close());
  if (temporary && Object.keys(splitByEnvironment(process.env).given).length > 0)
    cleanups.push(() => dropScope(mongo.db, config));
  const webhookIds = await seedWebhooks(mongo.db, config, webhooks, receiver.urls);
  const password = keptPassword(join(dataFolder, 'console-password'));
  await seedUsers(mongo.db, password);
  await startServices({ guard, env, logFolder: join(runFolder, 'logs'), signal, onEnded: onServiceEnded }, cleanups);
  report(`Services: ${SERVICES.join(', ')} are ready, logs in ${join(runFolder, 'logs')}`);
  for (const line of temporary ? [] : signInLines(adminPort, password)) report(line);
  const pipelines = await openPipelines(pipelineSettings(env), 'none');
  cleanups.push(() => pipelines.close());
  return { receiver, pipelines, db: mongo.db, webhookIds };
}

async function startServices(
  options: Parameters<typeof startService>[1] & { readonly guard: ProcessGuard },
  cleanups: Cleanup[],
): Promise<void> {
  const starts = SERVICES.map(async (name) => {
    const service = await startService(name, options);
    return service;
  });
  cleanups.push(() => Promise.all(starts.map(async (started) => (await started.catch(() => undefined))?.stop())));
  await Promise.all(starts);
}

function encryptionKeys(temporary: boolean, file: string): string {
  const given = process.env['ENCRYPTION_KEYS']?.trim() ?? '';
  if (given !== '') return given;
  return temporary ? newEncryptionKeys() : keptEncryptionKeys(file);
}

/** Both results; when one fails, the other has settled before the failure is thrown, so that it can be undone. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

/** Servers that were given are left as they were found. */
async function dropScope(db: Db, config: Config): Promise<void> {
  await db.dropDatabase();
  const admin = createKafka(kafkaSettings('demo', config), () => undefined).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: Object.values(config.topics) });
  await admin.disconnect();
}

async function undo(cleanups: Cleanup[]): Promise<void> {
  for (const cleanup of cleanups.reverse()) await cleanup()?.catch(() => undefined);
}
