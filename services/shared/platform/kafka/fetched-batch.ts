import type { KafkaMessage } from 'kafkajs';
import type { FetchedBatch as Batch } from 'kafkajs/src/consumer/batch.js';
import type { FetchedRecords } from './fetch-encoding.js';

/**
 * Records of a partition as kafkajs (2.2.4) hands them to a consumer. Its own class compares and subtracts offsets as
 * 64-bit integers of any precision, some ten per batch and one per record; here they are numbers.
 */
export class FetchedBatch implements Batch {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: KafkaMessage[];
  readonly #first: string;
  readonly #last: string;

  /** @param fetched with at least one record */
  constructor({ topic, partition, highWatermark, messages }: FetchedRecords) {
    this.topic = topic;
    this.partition = partition;
    this.highWatermark = String(highWatermark);
    this.messages = messages;
    this.#first = messages[0]!.offset;
    this.#last = messages.at(-1)!.offset;
  }

  isEmpty(): boolean {
    return false;
  }

  isEmptyDueToFiltering(): boolean {
    return false;
  }

  firstOffset(): string {
    return this.#first;
  }

  lastOffset(): string {
    return this.#last;
  }

  offsetLag(): string {
    return this.#lagBehind(this.#last);
  }

  offsetLagLow(): string {
    return this.#lagBehind(this.#first);
  }

  #lagBehind(offset: string): string {
    return String(Number(this.highWatermark) - 1 - Number(offset));
  }
}
