import BrokerPool from 'kafkajs/src/cluster/brokerPool.js';

/**
 * Keeps each connection of kafkajs (2.2.4) under its own broker's id.
 *
 * A refresh of metadata gives the connection it was seeded with the id of whichever broker has the seed's address. When
 * a request fails meanwhile, kafkajs makes another connection the seed: that one gets the id of the broker that failed,
 * for good. Records for its own broker are from then on sent in requests without any partition, which the broker
 * answers with success: nothing is sent any more, and nothing fails but our own look at what was acknowledged.
 */
export function ownNodeIds(): void {
  BrokerPool.prototype.refreshMetadata = refreshWithOwnIds;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its pool
const refresh = BrokerPool.prototype.refreshMetadata;

async function refreshWithOwnIds(this: BrokerPool, topics: readonly string[]): Promise<void> {
  await refresh.call(this, topics);
  for (const { nodeId, host, port } of this.metadata?.brokers ?? []) {
    const broker = this.brokers[nodeId];
    if (broker === undefined) continue;
    const isItsOwn = broker.connectionPool.host === host && broker.connectionPool.port === port;
    if (isItsOwn) {
      broker.nodeId = nodeId;
    } else {
      // Another one's, which stands under its own id, too: metadata is asked for again, and brings a new one.
      delete this.brokers[nodeId];
      this.metadataExpireAt = null;
    }
  }
}
