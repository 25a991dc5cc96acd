import type { KafkaMessage } from 'kafkajs';
import type { SourcePosition } from '../../core/vocabulary.js';

/** A record as it was read. */
export interface IncomingRecord {
  readonly source: SourcePosition;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Epoch ms: when the producer made it, or when the broker took it in, as the topic is set up. */
  readonly timestamp: number;
}

export function toIncomingRecord(topic: string, partition: number, message: KafkaMessage): IncomingRecord {
  return {
    source: { topic, partition, offset: message.offset },
    key: message.key,
    value: message.value,
    timestamp: Number(message.timestamp),
  };
}
