import type { Message } from 'kafkajs';
import { DependencyError } from '../../../services/shared/core/errors.js';
import { createRecordEncoder, type RecordEncoder } from '../../../services/shared/platform/avro/record-encoder.js';
import { subjectOf } from '../../../services/shared/platform/avro/register-schemas.js';
import { createRegistryClient } from '../../../services/shared/platform/avro/registry-client.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { acknowledgedProducer } from '../../../services/shared/platform/kafka/acknowledged-send.js';
import { createKafka, METADATA_MAX_AGE_MS } from '../../../services/shared/platform/kafka/client.js';
import { pipelineOf, toAvroRecord, type Pipeline } from './avro-event.js';
import type { PipelineSettings } from './pipeline-settings.js';
import type { SimulatedEvent } from './simulated-event.js';

/** The codecs that kafkajs brings along; each stands where its number in Kafka says. */
export const COMPRESSIONS = ['none', 'gzip'] as const;

export type Compression = (typeof COMPRESSIONS)[number];

/** The telephony and WhatsApp pipelines, as far as Kafka sees them. */
export interface Pipelines {
  /**
   * Produces in order, keyed by conversation, and resolves when all in-sync replicas have the events.
   * @throws Error when they aren't acknowledged; some may have been stored
   */
  send(events: readonly SimulatedEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** @throws DependencyError when Kafka or the registry is away, or isn't prepared by `npm run migrate` */
export async function openPipelines(settings: PipelineSettings, compression: Compression): Promise<Pipelines> {
  const registry = createRegistryClient({ url: settings.registryUrl });
  const encoderOf = async (pipeline: Pipeline): Promise<RecordEncoder<object>> => {
    const [subject, schema] = [subjectOf(settings.topics[pipeline]), newestSchema(pipeline)];
    const id = await registry.findId(subject, schema);
    if (id === undefined)
      throw new DependencyError('schema-registry', `the schema of ${subject} is not registered: run npm run migrate`);
    return createRecordEncoder<object>(schema, id);
  };
  const encoders = { 'call-event': await encoderOf('call-event'), 'whatsapp-event': await encoderOf('whatsapp-event') };
  const client = { clientId: 'simulator', brokers: settings.brokers, ssl: false, sasl: undefined };
  const producer = acknowledgedProducer(
    createKafka(client, () => undefined),
    { allowAutoTopicCreation: false, metadataMaxAge: METADATA_MAX_AGE_MS },
  );
  try {
    await producer.connect();
  } catch (error) {
    throw new DependencyError('kafka', (error as Error).message, { cause: error });
  }
  return {
    send: async (events) => {
      const messages: Record<Pipeline, Message[]> = { 'call-event': [], 'whatsapp-event': [] };
      for (const event of events) {
        const pipeline = pipelineOf(event.eventType);
        messages[pipeline].push({ key: event.conversationId, value: encoders[pipeline].encode(toAvroRecord(event)) });
      }
      const topics = (Object.keys(messages) as Pipeline[]).filter((pipeline) => messages[pipeline].length > 0);
      await Promise.all(
        topics.map((pipeline) =>
          producer.send({
            topic: settings.topics[pipeline],
            messages: messages[pipeline],
            compression: COMPRESSIONS.indexOf(compression),
          }),
        ),
      );
    },
    close: () => producer.disconnect(),
  };
}
