/**
 * The local stack: Kafka, a MongoDB replica set and a Schema Registry, found, started, waited for, stopped.
 * Addresses given in the environment are taken as they are; what is not given runs in Docker if an engine answers
 * and has the images, else as local processes, downloaded once. All servers start at the same time. A start either
 * returns servers that have answered, or throws one sentence and leaves nothing behind; a stack leaves nothing
 * behind when it is stopped, when its process fails, and when its process is killed (process-guard.ts).
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import {
  addressVariables,
  chooseSource,
  type ServerName,
  serverNames,
  sourceLine,
  splitByEnvironment,
  type StackSource,
} from './choose-source.js';
import { claimDataFolder, type DataFolder } from './data-folder.js';
import { findDockerEngine } from './docker-engine.js';
import { chooseFreePort, isPortFree } from './free-port.js';
import { expectGivenServer } from './given-servers.js';
import { startLocally } from './local-servers.js';
import { type ProcessGuard, startProcessGuard } from './process-guard.js';
import { findServerPrograms } from './server-programs.js';
import type { RunningServer } from './server-process.js';

export interface StackOptions {
  /** Absolute path of the folder for data and logs; one stack at a time may use it. */
  readonly dataFolder: string;
  /** Empties the data folder first. */
  readonly fresh?: boolean;
  /** Deletes the data folder at the end, and doesn't take the usual ports: for tests, beside a running demo. */
  readonly temporary?: boolean;
  /** Java compiles Kafka fully, and gives it the memory that it has in production: for measurements. */
  readonly productionKafka?: boolean;
  /** Takes each line of progress. */
  readonly report: (line: string) => void;
  /** Calls the start off: startStack then throws the signal's reason, with everything stopped. */
  readonly signal?: AbortSignal;
}

export interface Stack {
  /** Comma-separated host:port pairs. */
  readonly kafkaBrokers: string;
  readonly mongodbUri: string;
  /** The Confluent-compatible API: clients append /subjects to it. */
  readonly schemaRegistryUrl: string;
  /** Where the servers that had to be started came from; 'environment' if all addresses were given. */
  readonly source: StackSource;
  /** Stops what was started, and only that. May be called again. */
  stop(): Promise<void>;
}

/** What a process finds the servers by, in its environment. */
export function addressesOf(stack: Stack): Readonly<Record<string, string>> {
  return {
    [addressVariables.kafka]: stack.kafkaBrokers,
    [addressVariables.mongodb]: stack.mongodbUri,
    [addressVariables.schemaRegistry]: stack.schemaRegistryUrl,
  };
}

/** What a start has begun so far, so that it can be undone at any point. */
interface Begun {
  readonly guard: ProcessGuard;
  readonly running: RunningServer[];
  folder?: DataFolder;
}

/** Starts the stack. Throws StackError, with a sentence for people, if a server can't be had. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const begun: Begun = { guard: startProcessGuard(), running: [] };
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopAll(begun));
  try {
    const { addresses, source } = await start(options, begun);
    return {
      kafkaBrokers: addresses.kafka,
      mongodbUri: addresses.mongodb,
      schemaRegistryUrl: addresses.schemaRegistry,
      source,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: StackOptions, begun: Begun) {
  const { report } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const choice = splitByEnvironment(process.env);
  const addresses: Record<ServerName, string> = { kafka: '', mongodb: '', schemaRegistry: '', ...choice.given };
  const given = serverNames.filter((name) => !choice.toStart.includes(name));
  await Promise.all(given.map((name) => expectGivenServer(name, addresses[name], signal)));
  const tools = { guard: begun.guard, signal, report };
  const docker =
    choice.toStart.length > 0
      ? await findDockerEngine(choice.toStart, tools)
      : ({ kind: 'unusable', reason: 'not needed' } as const);
  report(sourceLine(choice, docker));
  const source = chooseSource(choice.toStart, docker);
  if (source !== 'environment') {
    begun.folder = await claimFolder(options, begun.guard, signal);
    const startServer = await serverStarter(source, choice.toStart, options, { ...tools, folder: begun.folder });
    const starts = choice.toStart.map(async (name) => {
      const server = await startServer(name);
      begun.running.push(server);
      addresses[name] = server.address;
    });
    // The first failure calls the others off; all have settled before anything is cleaned up.
    await Promise.allSettled(starts.map((each) => each.catch((error: unknown) => failed.abort(error))));
    signal.throwIfAborted();
  }
  return { addresses, source };
}

function claimFolder(options: StackOptions, guard: ProcessGuard, signal: AbortSignal): Promise<DataFolder> {
  const temporary = options.temporary ?? false;
  const fresh = (options.fresh ?? false) || temporary;
  return claimDataFolder(options.dataFolder, { guardPid: guard.pid, fresh, temporary, signal, report: options.report });
}

async function serverStarter(
  source: 'docker' | 'local',
  toStart: readonly ServerName[],
  options: StackOptions,
  tools: { guard: ProcessGuard; signal: AbortSignal; report: (line: string) => void; folder: DataFolder },
): Promise<(name: ServerName) => Promise<RunningServer>> {
  const temporary = options.temporary ?? false;
  const common = { ...tools, dataFolder: tools.folder.path, choosePort: portChooser(temporary) };
  if (source === 'docker') {
    const label = `webhook-v2.stack.${randomUUID()}`;
    tools.guard.removeContainers(label);
    // Loaded only here: it takes half a second and 50 MB that local processes don't need.
    const { startInDocker } = await import('./docker-servers.js');
    return (name) => startInDocker(name, { ...common, label, temporary, fresh: options.fresh ?? false });
  }
  const cache = join(projectRoot(), '.cache');
  const programs = await findServerPrograms(toStart, { ...tools, cache });
  const { productionKafka = false } = options;
  return (name) => startLocally[name]({ ...common, cache, programs, productionKafka });
}

/** Returns a chooser that never gives the same port twice, even while the first holder isn't listening yet. */
function portChooser(temporary: boolean): (usual: number) => Promise<number> {
  const taken = new Set<number>();
  const isFree = async (port: number) => {
    if (taken.has(port) || !(await isPortFree(port)) || taken.has(port)) return false;
    taken.add(port);
    return true;
  };
  return (usual) => chooseFreePort({ usual: temporary ? undefined : usual, isFree, random: Math.random });
}

async function stopAll({ guard, running, folder }: Begun): Promise<void> {
  await Promise.allSettled(running.map((server) => server.stop()));
  await guard.close();
  folder?.release();
}
