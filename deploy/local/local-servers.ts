/**
 * The three servers as local processes: their command lines, tuned for a small machine with two cores. All listen
 * on 127.0.0.1 only. Java runs with the serial collector and the first compiler only: on a cold broker that is half
 * the CPU of the start and less CPU per record for the first 100,000 (31 against 36 to 130 microseconds), and it
 * saves about 50 MB. Measured: deploy/local at 24 November 2026, Kafka 4.1.0, Java 17, two cores.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerName } from './choose-source.js';
import { expectListener } from './free-port.js';
import { expectGroupCoordinator, expectKafka } from './kafka-handshake.js';
import { kafkaClusterId, kafkaProperties, propertiesText } from './kafka-properties.js';
import { makeMongodbPrimary, mongodbUri } from './mongodb-handshake.js';
import { mongodbOptions } from './mongodb-options.js';
import { poll } from './poll.js';
import { expectSchemaRegistry } from './registry-handshake.js';
import { runTool, lastLines } from './run-tool.js';
import { cachedFolder } from './server-cache.js';
import type { ServerPrograms } from './server-programs.js';
import { type RunningServer, startServerProcess, type StartOptions } from './server-process.js';
import { StackError } from './stack-error.js';

/** Small and quick to start; its code stays two to three times as slow as what Java makes of it in a minute. */
const smallJava = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xss512k'];
/** What Kafka's own start script gives it, as in production and in its container. */
const kafkasOwnJava = [
  '-Xms1g',
  '-Xmx1g',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
];
const readyWithinMs = 60_000;
const attemptEveryMs = 100;

export interface LocalServerOptions extends StartOptions {
  readonly cache: string;
  readonly dataFolder: string;
  readonly programs: ServerPrograms;
  /** Kafka as in production: for figures, not for tests, which end before Java has compiled it. */
  readonly productionKafka: boolean;
  /** Returns a free port: the given one if nobody has it. */
  readonly choosePort: (usual: number) => Promise<number>;
}

/** How to start each server; see startServerProcess for what is thrown. */
export const startLocally: Readonly<Record<ServerName, (options: LocalServerOptions) => Promise<RunningServer>>> = {
  kafka: startKafka,
  mongodb: startMongodb,
  schemaRegistry: startSchemaRegistry,
};

async function startKafka(options: LocalServerOptions): Promise<RunningServer> {
  const { dataFolder, programs } = options;
  const port = await options.choosePort(9092);
  const controllerPort = await options.choosePort(9093);
  const address = `127.0.0.1:${port}`;
  // A log folder relative to the working folder: a path with a comma, a space or an umlaut needs no escapes.
  const properties = kafkaProperties({
    brokerPort: port,
    controllerPort,
    bindAddress: '127.0.0.1',
    logFolder: 'kafka',
  });
  writeFileSync(join(dataFolder, 'kafka.properties'), propertiesText(properties));
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  const java = options.productionKafka ? kafkasOwnJava : ['-Xmx256m', ...smallJava];
  const classPath = ['-cp', join(cachedFolder(options.cache, 'kafka'), '*')];
  if (!existsSync(join(dataFolder, 'kafka', 'meta.properties'))) {
    await formatKafka([...smallJava, quiet, ...classPath], options);
  }
  return startServerProcess(
    {
      label: `Kafka ${programs.versions.kafka}`,
      command: programs.java,
      args: [...java, quiet, ...classPath, 'kafka.Kafka', 'kafka.properties'],
      cwd: dataFolder,
      logFile: join(dataFolder, 'logs', 'kafka.log'),
      port,
      address,
      readyWithinMs,
      handshake: async (signal) => {
        await poll(() => expectListener(port), { everyMs: attemptEveryMs, signal });
        await poll(() => expectKafka([address]), { everyMs: attemptEveryMs, signal });
        await poll(() => expectGroupCoordinator([address]), { everyMs: attemptEveryMs, signal });
      },
    },
    options,
  );
}

async function formatKafka(java: readonly string[], options: LocalServerOptions): Promise<void> {
  const { programs, dataFolder: cwd } = options;
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', kafkaClusterId, '--config', 'kafka.properties'];
  const { exitCode, output } = await runTool(programs.java, [...java, ...tool], { ...options, cwd });
  if (exitCode !== 0) throw new StackError("Kafka's data folder could not be formatted:", lastLines(output, 5));
}

async function startMongodb(options: LocalServerOptions): Promise<RunningServer> {
  const { dataFolder, programs } = options;
  const port = await options.choosePort(27017);
  mkdirSync(join(dataFolder, 'mongodb'), { recursive: true });
  // A Unix socket would stay in /tmp after a crash.
  const network = ['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'];
  return startServerProcess(
    {
      label: `MongoDB ${programs.versions.mongodb}`,
      command: programs.mongod,
      args: ['--replSet', 'rs0', ...network, '--dbpath', 'mongodb', ...mongodbOptions],
      cwd: dataFolder,
      logFile: join(dataFolder, 'logs', 'mongodb.log'),
      port,
      address: mongodbUri(port),
      readyWithinMs,
      handshake: async (signal) => {
        await poll(() => expectListener(port), { everyMs: attemptEveryMs, signal });
        await poll(() => makeMongodbPrimary(port, signal), { everyMs: attemptEveryMs, signal });
      },
    },
    options,
  );
}

/**
 * The "in memory" edition of the registry keeps its schemas in an H2 database, in memory. Ours is told to put that
 * database into a file: Kafka keeps records that carry schema ids over a restart, so the registry must keep the ids
 * too, or every old record becomes undecodable (or, worse, decodable with another schema). No write delay: an id
 * that was answered survives a kill -9.
 */
async function startSchemaRegistry(options: LocalServerOptions): Promise<RunningServer> {
  const { dataFolder, programs } = options;
  const port = await options.choosePort(8081);
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  mkdirSync(join(dataFolder, 'schema-registry'), { recursive: true });
  const jar = `apicurio-registry-app-${programs.versions.schemaRegistry}-runner.jar`;
  const http = ['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`];
  // Its default of 20 connections to its own file is for a server that many share.
  const pool = ['min-size=1', 'initial-size=1', 'max-size=8'].map((setting) => `-Dquarkus.datasource.jdbc.${setting}`);
  return startServerProcess(
    {
      label: `Schema Registry ${programs.versions.schemaRegistry}`,
      command: programs.java,
      args: [
        '-Xmx96m',
        ...smallJava,
        ...http,
        ...pool,
        '-jar',
        join(cachedFolder(options.cache, 'schemaRegistry'), jar),
      ],
      cwd: dataFolder,
      env: {
        REGISTRY_DATASOURCE_URL: 'jdbc:h2:file:./schema-registry/registry;WRITE_DELAY=0',
        LOG_LEVEL: 'WARN',
        REGISTRY_LOG_LEVEL: 'WARN',
      },
      logFile: join(dataFolder, 'logs', 'schema-registry.log'),
      port,
      address: url,
      readyWithinMs,
      handshake: (signal) => poll(() => expectSchemaRegistry(url), { everyMs: attemptEveryMs, signal }),
    },
    options,
  );
}
