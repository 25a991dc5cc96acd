import { describe, expect, test } from '@jest/globals';
import { Kafka, logLevel, type Message, type ProducerConfig, type ProducerRecord, type RecordMetadata } from 'kafkajs';
import {
  acknowledgedProducer,
  sendAcknowledged,
  stickyPartitioner,
} from '../../../../services/shared/platform/kafka/acknowledged-send.js';
import { scriptedCluster, stored, type ScriptedCluster } from '../../../support/scripted-cluster.js';

/**
 * "Sent" means that each record was acknowledged. The fear: kafkajs asks no broker again that has answered, so when a
 * partition moves to such a broker between two of its tries, the records of that partition are sent to nobody, and
 * send() resolves. What it returns then lacks that partition.
 */
const PARTITIONS = [0, 1, 2].map((partitionId) => ({
  partitionId,
  partitionErrorCode: 0,
  leader: 1,
  replicas: [1],
  isr: [1],
}));

/** A producer that stores what it is sent, but acknowledges only the partitions that each turn names. */
function scripted(turns: readonly (readonly number[])[]) {
  const choose = stickyPartitioner();
  const sent: Message[][] = [];
  const stored: Message[] = [];
  const send = ({ topic, messages }: ProducerRecord): Promise<RecordMetadata[]> => {
    const acknowledged = turns[sent.length] ?? [];
    sent.push(messages);
    for (const message of messages) {
      const partition = choose({ topic, partitionMetadata: PARTITIONS, message });
      if (acknowledged.includes(partition)) stored.push(message);
    }
    return Promise.resolve(acknowledged.map((partition) => ({ topicName: topic, partition, errorCode: 0 })));
  };
  return { producer: { send }, sent, stored };
}

function partitionedStore() {
  const choose = stickyPartitioner();
  const partitioned = (records: readonly Message[]): void => {
    for (const message of records) choose({ topic: 't', partitionMetadata: PARTITIONS, message });
  };
  return { partitioned, stored: [] as Message[] };
}

const messages = (): Message[] => Array.from({ length: 30 }, (_, index) => ({ key: `key ${index}`, value: 'x' }));

describe('records that a broker restart leaves behind', () => {
  test('are sent again when their partition was not acknowledged, and no others are', async () => {
    const { producer, sent, stored } = scripted([
      [0, 2],
      [0, 1, 2],
    ]);
    const records = messages();
    await sendAcknowledged(producer, { topic: 't', messages: records });
    expect(new Set(stored)).toEqual(new Set(records));
    expect(stored).toHaveLength(records.length);
    expect(sent[1]).toEqual(records.filter(({ partition }) => partition === 1));
  });
});

describe('a partition without a leader', () => {
  const isOf = (partition: number) => (message: Message) => message.partition === partition;

  test('doubles the records of the others once at most, however often it is tried', async () => {
    const { partitioned, stored } = partitionedStore();
    let tries = 0;
    const send = ({ topic, messages }: ProducerRecord): Promise<RecordMetadata[]> => {
      partitioned(messages);
      const leaderless = messages.some(isOf(1)) && (tries += 1) < 5;
      stored.push(...messages.filter(({ partition }) => !leaderless || partition !== 1));
      if (leaderless) return Promise.reject(new Error('there is no leader for this topic-partition'));
      const partitions = [...new Set(messages.map(({ partition = -1 }) => partition))];
      return Promise.resolve(partitions.map((partition) => ({ topicName: topic, partition, errorCode: 0 })));
    };
    const records = messages();
    await sendAcknowledged({ send }, { topic: 't', messages: records });
    expect(new Set(stored)).toEqual(new Set(records));
    expect(tries).toBe(5);
    for (const record of records) expect(stored.filter((one) => one === record).length).toBeLessThanOrEqual(2);
  });

  test('is an error at once when the others can not be written either', async () => {
    let tries = 0;
    const { partitioned } = partitionedStore();
    const send = ({ messages }: ProducerRecord): Promise<RecordMetadata[]> => {
      partitioned(messages);
      tries += 1;
      return Promise.reject(new Error('Closed connection'));
    };
    await expect(sendAcknowledged({ send }, { topic: 't', messages: messages() })).rejects.toThrow('Closed');
    expect(tries).toBe(1 + PARTITIONS.length);
  });
});

test('a record that is refused for its size is told at once', async () => {
  let tries = 0;
  const send = (): Promise<RecordMetadata[]> => {
    tries += 1;
    return Promise.reject(Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' }));
  };
  await expect(sendAcknowledged({ send }, { topic: 't', messages: messages() })).rejects.toThrow('too large');
  expect(tries).toBe(1);
});

test('what is acknowledged at once is sent once', async () => {
  const { producer, sent } = scripted([[0, 1, 2]]);
  await sendAcknowledged(producer, { topic: 't', messages: messages() });
  expect(sent).toHaveLength(1);
});

test('a record keeps its partition, even without a key, so that an acknowledged partition means all of its records', () => {
  const choose = stickyPartitioner();
  for (const message of [{ key: null, value: 'x' }, ...messages()]) {
    const choices = [1, 2, 3].map(() => choose({ topic: 't', partitionMetadata: PARTITIONS, message }));
    expect(new Set(choices).size).toBe(1);
  }
});

describe('a producer', () => {
  /** It talks to the scripted cluster; what it has kafkajs send is noted, and acknowledged after `failures` tries. */
  function producerOf({ cluster }: ScriptedCluster, failures = 0) {
    const byKafkajs: (readonly unknown[])[] = [];
    class Observed extends Kafka {
      override producer(config: ProducerConfig) {
        const choose = config.createPartitioner!();
        const send = ({ topic, messages }: ProducerRecord): Promise<RecordMetadata[]> => {
          byKafkajs.push(messages.map(({ value }) => value));
          if (byKafkajs.length <= failures) return Promise.reject(new Error('no leader'));
          const partitions = messages.map((message) => choose({ topic, partitionMetadata: PARTITIONS, message }));
          return Promise.resolve(partitions.map((partition) => ({ topicName: topic, partition, errorCode: 0 })));
        };
        return Object.assign(super.producer(config), { send });
      }
    }
    const kafka = new Observed({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING });
    const createCluster = Object.getOwnPropertySymbols(kafka).find((name) =>
      name.description?.endsWith('createCluster'),
    );
    Object.assign(kafka, { [createCluster!]: () => cluster });
    return { producer: acknowledgedProducer(kafka, {}), byKafkajs };
  }

  const records = (): Message[] => [0, 1, 2].map((partition) => ({ partition, value: `of ${partition}` }));

  test('sends directly what it can', async () => {
    const scripted = scriptedCluster();
    const { producer, byKafkajs } = producerOf(scripted);
    await producer.send({ topic: 't', messages: records() });
    expect([scripted.requests.length, byKafkajs]).toEqual([2, []]);
  });

  test('has kafkajs send what is not acknowledged then, for as long as some of all was', async () => {
    const scripted = scriptedCluster();
    scripted.answers[1] = stored([2], [0]);
    const { producer, byKafkajs } = producerOf(scripted, 3);
    await producer.send({ topic: 't', messages: records() });
    expect([scripted.requests.length, byKafkajs]).toEqual([2, Array(4).fill(['of 0'])]);
  });

  test('has kafkajs send all that can not be sent directly, or is compressed', async () => {
    const scripted = scriptedCluster();
    const { producer, byKafkajs } = producerOf(scripted);
    await producer.send({ topic: 't', messages: records(), compression: 1 });
    scripted.brokerPool.metadata = null;
    await producer.send({ topic: 't', messages: records() });
    expect([scripted.requests, byKafkajs]).toEqual([[], Array(2).fill(['of 0', 'of 1', 'of 2'])]);
  });
});
