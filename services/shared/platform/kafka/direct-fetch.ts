import type Broker from 'kafkajs/src/broker/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import KafkaBatch, { type FetchedBatch as Batch } from 'kafkajs/src/consumer/batch.js';
import type Connection from 'kafkajs/src/network/connection.js';
import fetchResponse from 'kafkajs/src/protocol/requests/fetch/v11/response.js';
import { endedIn, exchange, hasFreshMetadata, headerBytes, readyConnection, type Api } from './direct-request.js';
import { askedOf, decodeFetched, encodeFetch, type WantedPartition } from './fetch-encoding.js';
import { FetchedBatch } from './fetched-batch.js';

/**
 * Fetches for a member of a group of kafkajs (2.2.4): its next offsets are asked for in one step, and the answer becomes
 * batches in another.
 *
 * kafkajs works out anew for each fetch who leads which partition, by sorting, copying and filtering lists of them, and
 * has a batch made of each partition of the answer, of those that brought nothing, too. Here that is done once per join
 * and per change of the cluster's metadata. Whenever there is something else to do first (positions to look up or to move,
 * metadata to refresh, a connection to make, all partitions paused), kafkajs fetches itself; and what is out of the
 * ordinary in an answer it reads itself, errors above all.
 */
const FETCH: Api = { key: 1, name: 'Fetch', version: 11, connection: 1 };
const { decode, parse } = fetchResponse;

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its group
const fetchByKafkajs = ConsumerGroup.prototype.fetch;

/** The batches that this broker has for the group's member, as `ConsumerGroup.fetch` of kafkajs. */
export async function fetchDirectly(group: ConsumerGroup, nodeId: number): Promise<readonly Batch[]> {
  const broker = group.cluster.brokerPool.brokers[nodeId];
  const connection = broker && readyConnection(broker, FETCH);
  if (broker === undefined || connection === undefined || !isSettled(group)) return fetchByKafkajs.call(group, nodeId);
  let batches: readonly Batch[] | undefined;
  try {
    const wanted = nextOffsets(group, nodeId);
    batches = wanted && (await fetchFrom({ broker, connection }, group, wanted));
  } catch (error) {
    await group.recoverFromFetch(error as Error);
    return [];
  }
  return batches ?? fetchByKafkajs.call(group, nodeId);
}

/** Whether metadata are fresh, no position is to be moved first, and leaders are who is read from. */
function isSettled({ cluster, seekOffset, rackId, preferredReadReplicasPerTopicPartition }: ConsumerGroup): boolean {
  const replicas = Object.values(preferredReadReplicasPerTopicPartition);
  const fromLeaders = rackId === '' && replicas.every((of) => Object.keys(of).length === 0);
  return hasFreshMetadata(cluster) && seekOffset.size === 0 && fromLeaders;
}

/** Which partitions a broker leads for the member; it holds for as long as the metadata and the join that it is of. */
interface Led {
  readonly metadata: object | null;
  readonly offsetManager: object;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
  /** How often they were fetched. */
  turns: number;
}

const ledBy = new WeakMap<ConsumerGroup, Map<number, Led>>();

/** @throws KafkaJSError when partitions were added since the join: the group is to be joined anew */
function led(group: ConsumerGroup, nodeId: number): Led {
  const { offsetManager } = group;
  const { metadata } = group.cluster.brokerPool;
  const byNode = ledBy.get(group) ?? new Map<number, Led>();
  ledBy.set(group, byNode);
  const known = byNode.get(nodeId);
  if (known?.metadata === metadata && known?.offsetManager === offsetManager) return known;
  group.checkForStaleAssignment();
  const topics = group.filterPartitionsByNode(nodeId, group.subscriptionState.assigned());
  const partitions = topics.flatMap(({ topic, partitions: all }) => all.map((partition) => ({ topic, partition })));
  const found = { metadata, offsetManager, partitions, turns: 0 };
  byNode.set(nodeId, found);
  return found;
}

const UNKNOWN = -1;

/**
 * What is to be read next of each partition that isn't paused; undefined when a position isn't known yet, or there is none.
 * Each fetch begins with another partition: what there is no room for in an answer comes first in a later one (KIP-74).
 */
function nextOffsets(group: ConsumerGroup, nodeId: number): readonly WantedPartition[] | undefined {
  const leading = led(group, nodeId);
  const { length } = leading.partitions;
  const wanted: WantedPartition[] = [];
  leading.turns += 1;
  for (let at = 0; at < length; at += 1) {
    const { topic, partition } = leading.partitions[(leading.turns + at) % length]!;
    if (group.subscriptionState.isPaused(topic, partition)) continue;
    const offset = Number(group.offsetManager.resolvedOffsets[topic]?.[partition] ?? UNKNOWN);
    if (offset < 0) return undefined;
    wanted.push({ topic, partition, offset });
  }
  return wanted.length > 0 ? wanted : undefined;
}

/** The time that an answer may take beyond what it is waited for at the broker. */
const NETWORK_MS = 100;

/** Undefined when a partition isn't to be read from its leader: kafkajs then learns it by a fetch of its own. */
async function fetchFrom(
  { broker, connection }: { readonly broker: Broker; readonly connection: Connection },
  group: ConsumerGroup,
  wanted: readonly WantedPartition[],
): Promise<readonly Batch[] | undefined> {
  const { maxWaitTime: maxWaitMs, minBytes, maxBytes, maxBytesPerPartition, isolationLevel } = group;
  const request = { maxWaitMs, minBytes, maxBytes, maxBytesPerPartition, isolationLevel, wanted };
  try {
    const bytes = encodeFetch(request, headerBytes(connection));
    const answer = await exchange(connection, FETCH, bytes, maxWaitMs + NETWORK_MS);
    const fetched = decodeFetched(answer, wanted);
    if (fetched === undefined) return await batchesByKafkajs(answer, connection, group, wanted);
    connection.requestQueue.maybeThrottle(fetched.throttleMs);
    return fetched.partitions
      .filter(({ topic, partition }) => isStillWanted(group, topic, partition))
      .map((records) => new FetchedBatch(records));
  } catch (error) {
    await endedIn(error as Error, broker, connection, FETCH);
    throw error;
  }
}

async function batchesByKafkajs(
  answer: Buffer,
  connection: Connection,
  group: ConsumerGroup,
  wanted: readonly WantedPartition[],
): Promise<readonly Batch[] | undefined> {
  const decoded = await decode(answer);
  connection.requestQueue.maybeThrottle(decoded.clientSideThrottleTime);
  const { responses } = await parse(decoded);
  const batches: Batch[] = [];
  for (const { topicName: topic, partitions } of responses) {
    for (const fetched of partitions) {
      if (fetched.preferredReadReplica !== LEADER) return undefined;
      const asked = askedOf(wanted, topic, fetched.partition);
      if (asked === undefined || fetched.messages.length === 0) continue;
      if (isStillWanted(group, topic, fetched.partition))
        batches.push(new KafkaBatch(topic, String(asked.offset), fetched));
    }
  }
  return batches;
}

const LEADER = -1;

/** Not if it was paused meanwhile, or is to be read from elsewhere. */
function isStillWanted(group: ConsumerGroup, topic: string, partition: number): boolean {
  const { subscriptionState, seekOffset } = group;
  // It makes a text of both first, also to find nothing among none.
  const isMoved = seekOffset.size > 0 && seekOffset.has(topic, partition);
  return !isMoved && !subscriptionState.isPaused(topic, partition);
}
