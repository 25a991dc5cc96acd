/**
 * The settings of the one Kafka node: broker and controller in one process. They are the same for the local process
 * (a properties file) and the container (KAFKA_… variables of the apache/kafka image), so both behave alike.
 * Topics are never created by accident: a mistyped topic name must fail in a test, not make a topic.
 */

export interface KafkaListeners {
  /** The port that clients connect to, the same inside and outside of a container. */
  readonly brokerPort: number;
  readonly controllerPort: number;
  /** 127.0.0.1, except in a container, where Docker's forwarding needs all addresses. */
  readonly bindAddress: string;
  readonly logFolder: string;
}

/** One fixed id: the data folder survives a restart only under the id it was formatted with. */
export const kafkaClusterId = 'd2ViaG9vay1sb2NhbC0wMQ';

/** The node's settings, by Kafka's own names. */
export function kafkaProperties(listeners: KafkaListeners): Readonly<Record<string, string>> {
  const { brokerPort, controllerPort, bindAddress, logFolder } = listeners;
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    // Static voters, not a dynamic quorum: the controller's port may change from one start to the next.
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://${bindAddress}:${brokerPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${brokerPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': logFolder,
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // One node can't hold three copies. 4 partitions instead of 50: the first group joins in a tenth of the time.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // Two cores: fewer threads and a 4 MB instead of a 128 MB buffer keep the process small.
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': '4194304',
  };
}

/** The text of a server.properties file. Values are plain ASCII (the log folder is given relative), so no escapes. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The same settings as the apache/kafka image reads them: KAFKA_ and the name in capitals, dots as underscores. */
export function propertiesEnvironment(properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value]),
  );
}
