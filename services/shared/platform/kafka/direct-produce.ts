import Broker, { type ProduceOptions } from 'kafkajs/src/broker/index.js';
import Cluster from 'kafkajs/src/cluster/index.js';
import type Connection from 'kafkajs/src/network/connection.js';
import produceResponse from 'kafkajs/src/protocol/requests/produce/v7/response.js';
import { endedIn, exchange, headerBytes, readyConnection, type Api } from './direct-request.js';
import { decodeProduced, encodeProduce } from './produce-encoding.js';

/**
 * Sends what kafkajs (2.2.4) produces directly. What is out of the ordinary it does itself: headers, timestamps,
 * compression, transactions, sequences, no acknowledgement, and a connection that is yet to be made.
 *
 * And a producer that names a topic which it knows already takes no lock for it: it did with each send.
 */
export function produceDirectly(): void {
  Broker.prototype.produce = produce;
  Cluster.prototype.addMultipleTargetTopics = addUnknownTopics;
}

const PRODUCE: Api = { key: 0, name: 'Produce', version: 7, connection: 0 };
const { decode, parse } = produceResponse;

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its broker
const produceByKafkajs = Broker.prototype.produce;

type Produced = Parameters<typeof produceByKafkajs>[0];

function produce(this: Broker, options: Produced): Promise<unknown> {
  const connection = isOrdinary(options) ? readyConnection(this, PRODUCE) : undefined;
  if (connection === undefined) return produceByKafkajs.call(this, options);
  const { acks = ALL_IN_SYNC, timeout = KAFKAJS_TIMEOUT_MS } = options;
  return send(this, connection, { ...options, acks, timeout });
}

/** What kafkajs takes where it isn't told. */
const ALL_IN_SYNC = -1;
const KAFKAJS_TIMEOUT_MS = 30_000;
const NOBODY = -1;
const NO_ACKNOWLEDGEMENT = 0;

function isOrdinary({ topicData, transactionalId, producerId, acks, compression = 0 }: Produced): boolean {
  return (
    compression === 0 &&
    acks !== NO_ACKNOWLEDGEMENT &&
    (transactionalId ?? undefined) === undefined &&
    (producerId === undefined || producerId === NOBODY) &&
    topicData.every(({ partitions }) =>
      partitions.every(({ messages }) =>
        messages.every(({ headers, timestamp }) => headers === undefined && (timestamp ?? undefined) === undefined),
      ),
    )
  );
}

async function send(broker: Broker, connection: Connection, options: ProduceOptions): Promise<unknown> {
  try {
    const answer = await exchange(connection, PRODUCE, encodeProduce(options, Date.now(), headerBytes(connection)));
    const produced = decodeProduced(answer) ?? (await decode(answer));
    connection.requestQueue.maybeThrottle(produced.clientSideThrottleTime);
    return await parse(produced);
  } catch (error) {
    await endedIn(error as Error, broker, connection, PRODUCE);
    throw error;
  }
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its cluster
const addTopics = Cluster.prototype.addMultipleTargetTopics;

function addUnknownTopics(this: Cluster, topics: readonly string[]): Promise<void> {
  const known = this.brokerPool.metadata !== null && topics.every((topic) => this.targetTopics.has(topic));
  return known ? Promise.resolve() : addTopics.call(this, topics);
}
