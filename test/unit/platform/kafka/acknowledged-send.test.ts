import { describe, expect, test } from '@jest/globals';
import type { Message, ProducerRecord, RecordMetadata } from 'kafkajs';
import { sendAcknowledged, stickyPartitions } from '../../../../services/shared/platform/kafka/acknowledged-send.js';

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
  const partitions = stickyPartitions();
  const choose = partitions.createPartitioner();
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
  return { producer: { send }, partitionOf: partitions.partitionOf, sent, stored };
}

const messages = (): Message[] => Array.from({ length: 30 }, (_, index) => ({ key: `key ${index}`, value: 'x' }));

describe('records that a broker restart leaves behind', () => {
  test('are sent again when their partition was not acknowledged, and no others are', async () => {
    const { producer, partitionOf, sent, stored } = scripted([
      [0, 2],
      [0, 1, 2],
    ]);
    const records = messages();
    await sendAcknowledged(producer, partitionOf, { topic: 't', messages: records });
    expect(new Set(stored)).toEqual(new Set(records));
    expect(stored).toHaveLength(records.length);
    expect(sent[1]).toEqual(records.filter((message) => partitionOf(message) === 1));
  });

  test('are an error when nobody ever acknowledges them', async () => {
    const { producer, partitionOf } = scripted([[0, 2]]);
    await expect(sendAcknowledged(producer, partitionOf, { topic: 't', messages: messages() })).rejects.toThrow(
      /were not acknowledged/,
    );
  });
});

test('what is acknowledged at once is sent once', async () => {
  const { producer, partitionOf, sent } = scripted([[0, 1, 2]]);
  await sendAcknowledged(producer, partitionOf, { topic: 't', messages: messages() });
  expect(sent).toHaveLength(1);
});

test('a record keeps its partition, even without a key, so that an acknowledged partition means all of its records', () => {
  const { createPartitioner } = stickyPartitions();
  const choose = createPartitioner();
  for (const message of [{ key: null, value: 'x' }, ...messages()]) {
    const choices = [1, 2, 3].map(() => choose({ topic: 't', partitionMetadata: PARTITIONS, message }));
    expect(new Set(choices).size).toBe(1);
  }
});
