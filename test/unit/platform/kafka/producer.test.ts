import { expect, test } from '@jest/globals';
import type { Kafka, ProducerConfig } from 'kafkajs';
import { METADATA_MAX_AGE_MS } from '../../../../services/shared/platform/kafka/client.js';
import { createProducer } from '../../../../services/shared/platform/kafka/producer.js';

test('a producer sees added partitions as soon as a consumer does, and is not idempotent', async () => {
  const asked: ProducerConfig[] = [];
  const producer = (config: ProducerConfig): unknown => {
    asked.push(config);
    return { connect: () => Promise.resolve() };
  };
  await createProducer({ producer } as unknown as Kafka);
  expect(asked).toEqual([expect.objectContaining({ metadataMaxAge: METADATA_MAX_AGE_MS, idempotent: false })]);
});
