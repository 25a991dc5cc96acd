import type { Message, PartitionMetadata } from 'kafkajs';
import type Broker from 'kafkajs/src/broker/index.js';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type Connection from 'kafkajs/src/network/connection.js';
import { endedIn, exchange, hasFreshMetadata, headerBytes, readyConnection, type Api } from './direct-request.js';
import { decodeProduced, encodeProduce, type PartitionMessages } from './produce-encoding.js';

/**
 * Sends records to the leaders of their partitions over the connections of a producer of kafkajs (2.2.4), and none of its
 * layers: those take 100 µs for a record that comes alone, with cold caches (DECISIONS 54).
 *
 * The cluster, its metadata and its connections stay kafkajs's. Where there is something to do first (metadata to read, a
 * connection to make), or anything goes wrong, kafkajs is to send what is missing: this never tries anything twice.
 */
const PRODUCE: Api = { key: 0, name: 'Produce', version: 7, connection: 0 };

export type ChoosePartition = (args: {
  readonly topic: string;
  readonly partitionMetadata: PartitionMetadata[];
  readonly message: Message;
}) => number;

const NONE: ReadonlySet<number> = new Set();

/** The partitions that have acknowledged, with all in-sync replicas, what was sent to them. Never rejects. */
export async function produceDirectly(
  cluster: Cluster,
  choosePartition: ChoosePartition,
  topic: string,
  messages: readonly Message[],
): Promise<ReadonlySet<number>> {
  const partitionMetadata = knownPartitions(cluster, topic);
  if (partitionMetadata.length === 0) return NONE;
  const choose = (message: Message): number => choosePartition({ topic, partitionMetadata, message });
  const shares = byLeader(cluster, partitionMetadata, byPartition(messages, choose));
  if (shares === undefined) return NONE;
  const acknowledged = await Promise.all(shares.map((share) => send(share, topic)));
  return new Set(acknowledged.flat());
}

/** None when kafkajs is to read the metadata first. */
function knownPartitions(cluster: Cluster, topic: string): PartitionMetadata[] {
  return hasFreshMetadata(cluster) && cluster.targetTopics.has(topic) ? cluster.findTopicPartitionMetadata(topic) : [];
}

function byPartition(messages: readonly Message[], choose: (message: Message) => number): PartitionMessages[] {
  const groups: { readonly partition: number; readonly messages: Message[] }[] = [];
  for (const message of messages) {
    const partition = choose(message);
    const group = groups.find((one) => one.partition === partition);
    if (group === undefined) groups.push({ partition, messages: [message] });
    else group.messages.push(message);
  }
  return groups;
}

/** What goes to one broker. */
interface Share {
  readonly broker: Broker;
  readonly connection: Connection;
  readonly partitions: PartitionMessages[];
}

/** Undefined when a partition has no leader to which it may go right away. */
function byLeader(
  { brokerPool }: Cluster,
  metadata: readonly PartitionMetadata[],
  all: readonly PartitionMessages[],
): Share[] | undefined {
  const shares: Share[] = [];
  for (const one of all) {
    const leader = metadata.find(({ partitionId }) => partitionId === one.partition)?.leader;
    const broker = leader === undefined ? undefined : brokerPool.brokers[leader];
    const connection = broker && readyConnection(broker, PRODUCE);
    if (broker === undefined || connection === undefined) return undefined;
    const share = shares.find((other) => other.broker === broker);
    if (share === undefined) shares.push({ broker, connection, partitions: [one] });
    else share.partitions.push(one);
  }
  return shares;
}

async function send({ broker, connection, partitions }: Share, topic: string): Promise<readonly number[]> {
  try {
    const request = encodeProduce(topic, partitions, Date.now(), headerBytes(connection));
    const { acknowledged, throttleMs } = decodeProduced(await exchange(connection, PRODUCE, request));
    connection.requestQueue.maybeThrottle(throttleMs);
    return acknowledged;
  } catch (error) {
    await endedIn(error as Error, broker, connection, PRODUCE);
    return [];
  }
}
