import type { Kafka, Producer, ProducerConfig } from 'kafkajs';
import type Cluster from 'kafkajs/src/cluster/index.js';

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/** A producer of kafkajs (2.2.4) and the cluster that it talks to, which it keeps for itself. */
export function producerWithCluster(kafka: Kafka, config: ProducerConfig): { producer: Producer; cluster: Cluster } {
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  if (name === undefined) throw new TypeError('this is another kafkajs than 2.2.4');
  const create = Reflect.get(kafka, name) as (options: object) => Cluster;
  const clusters: Cluster[] = [];
  const remember = (options: object): Cluster => {
    const cluster = create(options);
    clusters.push(cluster);
    return cluster;
  };
  const producer = (Object.create(kafka, { [name]: { value: remember } }) as Kafka).producer(config);
  return { producer, cluster: clusters[0]! };
}
