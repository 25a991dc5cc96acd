import { expect, test } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import { producerWithCluster } from '../../../../services/shared/platform/kafka/producer-with-cluster.js';

test('a producer comes with the cluster that it talks to, each with its own', async () => {
  const kafka = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const config = { createPartitioner: () => () => 0 };
  const [one, other] = [producerWithCluster(kafka, config), producerWithCluster(kafka, config)];
  expect(one.cluster).toBeInstanceOf(Cluster);
  expect(other.cluster).not.toBe(one.cluster);
  const refused = new Error('refused');
  Object.assign(one.cluster, { connect: () => Promise.reject(refused) });
  await expect(one.producer.connect()).rejects.toBe(refused);
});

test('another kafkajs is not taken for this one', () => {
  const kafka = { producer: () => ({}) } as unknown as Kafka;
  expect(() => producerWithCluster(kafka, {})).toThrow('another kafkajs');
});
