import type Broker from 'kafkajs/src/broker/index.js';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type Connection from 'kafkajs/src/network/connection.js';

/**
 * A request to a broker over a connection of kafkajs (2.2.4), and none of its layers: the request is encoded at once, the
 * answer is handed over as it came.
 *
 * Between what a consumer or producer of kafkajs wants and the socket are some ten asynchronous functions, an encoder per
 * nested structure, and as many decoders on the way back. At full speed that is shared by many records. For one that
 * comes alone they cost more than twice what the socket itself does (DECISIONS 52). The connection stays kafkajs's, with
 * its authentication, its bound of requests under way, its throttling and its time-outs.
 */
export interface Api {
  readonly key: number;
  readonly name: string;
  /** The one that is spoken here; with a broker that doesn't know it kafkajs talks itself. */
  readonly version: number;
  /** Which of the two connections to a broker kafkajs takes for it: fetches have one of their own, where they may wait. */
  readonly connection: 0 | 1;
}

/** A connection on which the request may go right away; undefined when kafkajs has something to do first. */
export function readyConnection(broker: Broker, api: Api): Connection | undefined {
  const connection = broker.connectionPool.pool[api.connection];
  return connection !== undefined && isOpen(connection) && speaks(broker, api) ? connection : undefined;
}

/** Whether what is known of topics and their leaders is young enough to act upon; kafkajs reads it anew otherwise. */
export function hasFreshMetadata({ brokerPool: { metadata, metadataExpireAt } }: Cluster): boolean {
  return metadata !== null && Date.now() <= (metadataExpireAt ?? 0);
}

function isOpen(connection: Connection): boolean {
  return connection.isConnected() && (connection.sasl === null || connection.isAuthenticated());
}

function speaks({ versions }: Broker, { key, version }: Api): boolean {
  const known = versions?.[key];
  return known !== undefined && known.minVersion <= version && version <= known.maxVersion;
}

/** Length, API, version, correlation id, and the length of the client's id: what is before it in each request. */
const FIXED_HEADER_BYTES = 4 + 2 + 2 + 4 + 2;

/** So much room the encoded request must leave at its beginning. */
export function headerBytes({ clientId }: Connection): number {
  return FIXED_HEADER_BYTES + Buffer.byteLength(clientId);
}

/**
 * Sends the request and resolves with its answer, from behind the correlation id.
 *
 * @param request with room for the header
 * @param timeoutMs if that is more than the connection's own
 * @throws KafkaJSError when the connection ends or the answer doesn't come in time
 */
export function exchange(connection: Connection, api: Api, request: Buffer, timeoutMs = 0): Promise<Buffer> {
  const correlationId = connection.nextCorrelationId();
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(api.key, at);
  at = request.writeInt16BE(api.version, at);
  at = request.writeInt32BE(correlationId, at);
  at = request.writeInt16BE(headerBytes(connection) - FIXED_HEADER_BYTES, at);
  request.write(connection.clientId, at);
  return new Promise((resolve, reject) => {
    connection.requestQueue.push({
      entry: {
        apiKey: api.key,
        apiName: api.name,
        apiVersion: api.version,
        correlationId,
        resolve: ({ payload }) => resolve(payload),
        reject,
      },
      expectResponse: true,
      requestTimeout: timeoutMs,
      sendRequest: () => connection.socket.write(request),
    });
  });
}

/** What an answer that ended in an error means for its broker and its log: as kafkajs does it. */
export async function endedIn(error: Error, broker: Broker, connection: Connection, api: Api): Promise<void> {
  if (error.name === 'KafkaJSConnectionClosedError') await broker.disconnect();
  else connection.logError(`Response ${api.name}(key: ${api.key}, version: ${api.version})`, { error: error.message });
}
