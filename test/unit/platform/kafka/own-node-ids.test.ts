import { expect, test } from '@jest/globals';
import type Broker from 'kafkajs/src/broker/index.js';
import BrokerPool from 'kafkajs/src/cluster/brokerPool.js';
import { ownNodeIds } from '../../../../services/shared/platform/kafka/own-node-ids.js';

ownNodeIds();

const BROKERS = [1, 2, 3].map((nodeId) => ({ nodeId, host: 'kafka', port: nodeId }));

/** `meanwhile` happens while metadata is asked for. */
function poolOf(meanwhile: (pool: BrokerPool) => void): BrokerPool {
  const logger = { namespace: () => logger, debug: () => undefined, warn: () => undefined, error: () => undefined };
  const build = (address = { host: 'kafka', port: 1 }) => Promise.resolve(address);
  const pool = new BrokerPool({ connectionPoolBuilder: { build }, logger, retry: { retries: 0 }, metadataMaxAge: 1 });
  const calls = { connect: () => Promise.resolve(), disconnect: () => Promise.resolve(), isConnected: () => true };
  const metadata = (): Promise<unknown> => {
    meanwhile(pool);
    return Promise.resolve({ brokers: BROKERS, topicMetadata: [] });
  };
  pool.createBroker = ({ connectionPool, nodeId }) =>
    ({ connectionPool, nodeId, metadata, ...calls }) as unknown as Broker;
  return pool;
}

const idsOf = ({ brokers }: BrokerPool) =>
  Object.entries(brokers).map(([id, { nodeId, connectionPool }]) => [Number(id), nodeId, connectionPool.port]);

test('a broker that fails while metadata is asked for leaves its id to no other', async () => {
  let meanwhile = (): void => undefined;
  const pool = poolOf(() => meanwhile());
  await pool.connect();
  await pool.refreshMetadata([]);
  meanwhile = () => {
    meanwhile = () => undefined;
    // Broker 1 is the seed; of the others the next one is chosen by chance, so only one is left.
    delete pool.brokers[2];
    pool.removeBroker({ host: 'kafka', port: 1 });
  };
  await pool.refreshMetadata([]);
  expect(idsOf(pool)).toEqual([
    [2, 2, 2],
    [3, 3, 3],
  ]);
  await pool.refreshMetadata([]);
  expect(idsOf(pool)).toEqual([
    [1, 1, 1],
    [2, 2, 2],
    [3, 3, 3],
  ]);
});
