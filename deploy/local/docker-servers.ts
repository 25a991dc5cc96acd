/**
 * The three servers as Docker containers, through testcontainers. They behave as the local processes do: published
 * on 127.0.0.1 only, the same ports inside and outside (Kafka and the replica set tell clients their own address),
 * the same settings, the same handshakes, logs in the same files. Containers outlive their starter by nature, so
 * they carry a label by which the process guard removes them if we are killed; testcontainers' own cleaner would
 * need a fourth image. Data lies in named volumes, because files of the images' users in the data folder could not
 * be deleted by ours.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { GenericContainer, Wait } from 'testcontainers';
import { type ServerName, serverLabels } from './choose-source.js';
import { expectKafka } from './kafka-handshake.js';
import { kafkaClusterId, kafkaProperties, propertiesEnvironment } from './kafka-properties.js';
import { makeMongodbPrimary, mongodbUri } from './mongodb-handshake.js';
import { poll } from './poll.js';
import { expectSchemaRegistry } from './registry-handshake.js';
import { runTool } from './run-tool.js';
import type { RunningServer, StartOptions } from './server-process.js';
import { StackError } from './stack-error.js';
import { pinned } from './versions.js';

const readyWithinMs = 90_000;
const stopWithinMs = 10_000;
const attemptEveryMs = 200;

export interface DockerServerOptions extends StartOptions {
  readonly dataFolder: string;
  /** Containers with this label are the guard's to remove. */
  readonly label: string;
  readonly fresh: boolean;
  /** A temporary stack keeps its data inside the containers. */
  readonly temporary: boolean;
  readonly choosePort: (usual: number) => Promise<number>;
}

/** What differs from server to server. */
interface ContainerPlan {
  readonly container: LoopbackContainer;
  /** Where the image keeps its data. */
  readonly dataPath: string;
  readonly port: number;
  readonly address: string;
  readonly handshake: (signal: AbortSignal) => Promise<void>;
}

/** testcontainers publishes on all addresses of the machine; a server without a password must not be there. */
class LoopbackContainer extends GenericContainer {
  publish(inside: number, outside: number): this {
    this.withExposedPorts({ container: inside, host: outside });
    this.hostConfig.PortBindings = { [`${inside}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(outside) }] };
    return this;
  }
}

const plans: Readonly<Record<ServerName, (options: DockerServerOptions) => Promise<ContainerPlan>>> = {
  async kafka({ choosePort }) {
    const port = await choosePort(9092);
    const dataPath = '/var/lib/kafka/data';
    const properties = kafkaProperties({
      brokerPort: port,
      controllerPort: port === 9093 ? 9094 : 9093,
      bindAddress: '0.0.0.0',
      logFolder: dataPath,
    });
    const container = new LoopbackContainer(pinned.images.kafka).publish(port, port).withEnvironment({
      ...propertiesEnvironment(properties),
      CLUSTER_ID: kafkaClusterId,
      KAFKA_HEAP_OPTS: '-Xmx256m',
    });
    const address = `127.0.0.1:${port}`;
    return { container, dataPath, port, address, handshake: attempts(() => expectKafka([address])) };
  },
  async mongodb({ choosePort }) {
    const port = await choosePort(27017);
    const network = ['--bind_ip_all', '--port', String(port)];
    const container = new LoopbackContainer(pinned.images.mongodb)
      .publish(port, port)
      .withCommand(['mongod', '--replSet', 'rs0', ...network, '--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '256']);
    const handshake = (signal: AbortSignal) => attempts(() => makeMongodbPrimary(port, signal))(signal);
    return { container, dataPath: '/data/db', port, address: mongodbUri(port), handshake };
  },
  async schemaRegistry({ choosePort }) {
    const port = await choosePort(8081);
    const address = `http://127.0.0.1:${port}/apis/ccompat/v7`;
    // Root, because the volume's folder isn't in the image and so belongs to root.
    const container = new LoopbackContainer(pinned.images.schemaRegistry)
      .publish(8080, port)
      .withUser('0:0')
      .withEnvironment({
        REGISTRY_DATASOURCE_URL: 'jdbc:h2:file:/registry/registry;WRITE_DELAY=0',
        JAVA_TOOL_OPTIONS: '-Xmx96m -XX:+UseSerialGC',
      });
    return {
      container,
      dataPath: '/registry',
      port,
      address,
      handshake: attempts(() => expectSchemaRegistry(address)),
    };
  },
};

/** Starts a server in a container and waits for its handshake. Throws StackError; no container is left then. */
export async function startInDocker(name: ServerName, options: DockerServerOptions): Promise<RunningServer> {
  const { report, signal } = options;
  const plan = await plans[name](options);
  await attachVolume(name, plan, options);
  const logFile = join(options.dataFolder, 'logs', `${name}.log`);
  mkdirSync(join(options.dataFolder, 'logs'), { recursive: true });
  const ended = new AbortController();
  const startedAt = performance.now();
  signal.throwIfAborted();
  report(`${serverLabels[name]}: starting ${pinned.images[name]} on 127.0.0.1:${plan.port}, log in ${logFile}`);
  const running = await plan.container
    .withLabels({ [options.label]: '' })
    .withAutoCleanup(false)
    .withWaitStrategy(Wait.forLogMessage(/./))
    .withLogConsumer((stream) => {
      stream.pipe(createWriteStream(logFile));
      stream.once('end', () => ended.abort(new StackError(`${serverLabels[name]}'s container ended: see ${logFile}`)));
    })
    .start();
  const stop = async () => {
    await running.stop({ timeout: stopWithinMs, remove: true, removeVolumes: true });
    report(`${serverLabels[name]}: stopped`);
  };
  const bound = AbortSignal.timeout(readyWithinMs);
  try {
    await plan.handshake(AbortSignal.any([signal, ended.signal, bound]));
  } catch (error) {
    await stop();
    throw bound.aborted ? new StackError(`${serverLabels[name]} didn't answer in time: see ${logFile}`) : error;
  }
  report(`${serverLabels[name]}: ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return { address: plan.address, stop };
}

function attempts(handshake: () => Promise<void>): (signal: AbortSignal) => Promise<void> {
  return (signal) => poll(handshake, { everyMs: attemptEveryMs, signal });
}

async function attachVolume(name: ServerName, plan: ContainerPlan, options: DockerServerOptions): Promise<void> {
  if (options.temporary) return;
  const folder = createHash('sha256').update(options.dataFolder).digest('hex').slice(0, 10);
  const volume = `webhook-v2-${folder}-${name.toLowerCase()}`;
  if (options.fresh) await runTool('docker', ['volume', 'rm', '--force', volume], options);
  plan.container.withBindMounts([{ source: volume, target: plan.dataPath }]);
}
