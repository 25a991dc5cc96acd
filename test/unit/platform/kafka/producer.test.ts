import { expect, test } from '@jest/globals';
import { Kafka, logLevel, type ProducerConfig } from 'kafkajs';
import { METADATA_MAX_AGE_MS } from '../../../../services/shared/platform/kafka/client.js';
import { createProducer } from '../../../../services/shared/platform/kafka/producer.js';

test('a producer sees added partitions as soon as a consumer does, and is not idempotent', async () => {
  const asked: ProducerConfig[] = [];
  class Observed extends Kafka {
    override producer(config: ProducerConfig) {
      asked.push(config);
      return Object.assign(super.producer(config), { connect: () => Promise.resolve() });
    }
  }
  await createProducer(new Observed({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING }));
  expect(asked).toEqual([expect.objectContaining({ metadataMaxAge: METADATA_MAX_AGE_MS, idempotent: false })]);
});
