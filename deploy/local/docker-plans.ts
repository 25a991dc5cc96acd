/**
 * The three servers as containers: image, command, settings, published port, handshake. They behave as the local
 * processes do: the same ports inside and outside (Kafka and the replica set tell clients their own address), the
 * same settings, reachable through 127.0.0.1 only.
 */
import { GenericContainer } from 'testcontainers';
import type { ServerName } from './choose-source.js';
import { expectGroupCoordinator } from './kafka-handshake.js';
import { kafkaClusterId, kafkaProperties, propertiesEnvironment } from './kafka-properties.js';
import { makeMongodbPrimary, mongodbUri } from './mongodb-handshake.js';
import { mongodbOptions } from './mongodb-options.js';
import { poll } from './poll.js';
import { expectSchemaRegistry } from './registry-handshake.js';
import { pinned } from './versions.js';

const attemptEveryMs = 200;

/** Returns a free port: the given one if nobody has it. */
export type ChoosePort = (usual: number) => Promise<number>;

/** What differs from server to server. */
export interface ContainerPlan {
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

/** The plan of each server, for a port that is free when it is made. */
export const containerPlans: Readonly<Record<ServerName, (choosePort: ChoosePort) => Promise<ContainerPlan>>> = {
  async kafka(choosePort) {
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
    return { container, dataPath, port, address, handshake: attempts(() => expectGroupCoordinator([address])) };
  },
  async mongodb(choosePort) {
    const port = await choosePort(27017);
    const network = ['--bind_ip_all', '--port', String(port)];
    const container = new LoopbackContainer(pinned.images.mongodb)
      .publish(port, port)
      .withCommand(['mongod', '--replSet', 'rs0', ...network, ...mongodbOptions]);
    const handshake = (signal: AbortSignal) => attempts(() => makeMongodbPrimary(port, signal))(signal);
    return { container, dataPath: '/data/db', port, address: mongodbUri(port), handshake };
  },
  async schemaRegistry(choosePort) {
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

function attempts(handshake: () => Promise<void>): (signal: AbortSignal) => Promise<void> {
  return (signal) => poll(handshake, { everyMs: attemptEveryMs, signal });
}
