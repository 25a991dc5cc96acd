import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseFreePort, isPortFree } from '../../../deploy/local/free-port.js';
import { expectGroupCoordinator, expectKafka } from '../../../deploy/local/kafka-handshake.js';
import { kafkaClusterId, kafkaProperties, propertiesText } from '../../../deploy/local/kafka-properties.js';
import { poll } from '../../../deploy/local/poll.js';
import type { ProcessGuard } from '../../../deploy/local/process-guard.js';
import { runTool } from '../../../deploy/local/run-tool.js';
import { cachedFolder } from '../../../deploy/local/server-cache.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import type { ClusterControl, ClusterNode } from './cluster-control.js';
import { createNode } from './server-node.js';

/**
 * Three brokers in KRaft, each controller and broker in one process, three copies of everything, two of which have to
 * acknowledge. Clients reach each broker through a proxy, whose address is the one that it advertises; the brokers speak
 * to each other directly.
 */
export interface BrokerOptions {
  readonly guard: ProcessGuard;
  readonly java: string;
  readonly cache: string;
  readonly folder: string;
}

interface BrokerPorts {
  readonly id: number;
  readonly internal: number;
  readonly client: number;
  readonly controller: number;
}

const COUNT = 3;
const JAVA = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xss512k',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];
const READY_WITHIN_MS = 60_000;

export async function startBrokers({ guard, java, cache, folder }: BrokerOptions): Promise<ClusterControl> {
  const brokers = await choosePorts();
  const classPath = ['-cp', join(cachedFolder(cache, 'kafka'), '*')];
  const proxies = new Map<string, TcpProxy>();
  const nodes: ClusterNode[] = [];
  for (const broker of brokers) {
    const proxy = await startTcpProxy({ host: '127.0.0.1', port: broker.client });
    proxies.set(`broker ${broker.id}`, proxy);
    const cwd = join(folder, `broker-${broker.id}`);
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'kafka.properties'), propertiesText(propertiesOf(broker, brokers, proxy.port)));
    nodes.push(
      createNode(guard, {
        name: `broker ${broker.id}`,
        command: java,
        args: ['-Xmx256m', ...JAVA, ...classPath, 'kafka.Kafka', 'kafka.properties'],
        cwd,
        logFile: join(cwd, 'kafka.log'),
        port: broker.client,
      }),
    );
  }
  await Promise.all(brokers.map(({ id }) => format(java, classPath, join(folder, `broker-${id}`), guard)));
  await Promise.all(nodes.map((node) => node.start()));
  const addresses = [...proxies.values()].map(({ port }) => `127.0.0.1:${port}`);
  const signal = AbortSignal.timeout(READY_WITHIN_MS);
  await poll(() => expectKafka(addresses), { everyMs: 200, signal });
  await poll(() => expectGroupCoordinator(addresses), { everyMs: 200, signal });
  return {
    env: { KAFKA_BROKERS: addresses.join(','), KAFKA_REPLICATION_FACTOR: String(COUNT) },
    nodes,
    proxies,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}

async function choosePorts(): Promise<BrokerPorts[]> {
  const taken = new Set<number>();
  const choose = async (): Promise<number> => {
    const isFree = async (port: number): Promise<boolean> => !taken.has(port) && (await isPortFree(port));
    const port = await chooseFreePort({ usual: undefined, isFree, random: Math.random });
    taken.add(port);
    return port;
  };
  const brokers: BrokerPorts[] = [];
  for (let id = 1; id <= COUNT; id += 1)
    brokers.push({ id, internal: await choose(), client: await choose(), controller: await choose() });
  return brokers;
}

function propertiesOf(
  { id, internal, client, controller }: BrokerPorts,
  brokers: readonly BrokerPorts[],
  proxyPort: number,
): Record<string, string> {
  const one = { brokerPort: client, controllerPort: controller, bindAddress: '127.0.0.1', logFolder: 'kafka' };
  const voters = brokers.map((broker) => `${broker.id}@127.0.0.1:${broker.controller}`);
  return {
    ...kafkaProperties(one),
    'node.id': String(id),
    'controller.quorum.voters': voters.join(','),
    listeners: `INTERNAL://127.0.0.1:${internal},CLIENT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `INTERNAL://127.0.0.1:${internal},CLIENT://127.0.0.1:${proxyPort}`,
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'min.insync.replicas': '2',
    'offsets.topic.replication.factor': String(COUNT),
    'transaction.state.log.replication.factor': String(COUNT),
    'transaction.state.log.min.isr': '2',
    'share.coordinator.state.topic.replication.factor': String(COUNT),
    'share.coordinator.state.topic.min.isr': '2',
  };
}

async function format(java: string, classPath: readonly string[], cwd: string, guard: ProcessGuard): Promise<void> {
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', kafkaClusterId, '--config', 'kafka.properties'];
  const signal = AbortSignal.timeout(READY_WITHIN_MS);
  const { exitCode, output } = await runTool(java, [...JAVA, ...classPath, ...tool], { guard, signal, cwd });
  if (exitCode !== 0) throw new Error(`a broker's folder could not be formatted: ${output}`);
}
