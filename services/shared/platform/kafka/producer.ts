import type { Kafka, Message } from 'kafkajs';
import { DependencyError, PoisonRecord } from '../../core/errors.js';
import { acknowledgedProducer, isTooLarge } from './acknowledged-send.js';
import { METADATA_MAX_AGE_MS } from './client.js';

/**
 * Produces records and returns when all in-sync replicas have them (`acks: -1`).
 *
 * Not idempotent, on purpose: with `idempotent: true` kafkajs rolls its sequence back when a produce call times out,
 * and the broker then acknowledges the next record as a duplicate of the first without storing it: a silent loss.
 * A retried produce may double a record; a double carries the same ids and is harmless.
 */
export interface OutgoingRecord {
  readonly key: string | Buffer | null;
  readonly value: Buffer;
}

export interface RecordProducer {
  /**
   * Sends in order, in requests of bounded size.
   * @throws PoisonRecord('too-large') when the broker refuses a record for its size
   * @throws DependencyError('kafka') when it isn't acknowledged; some of the records may have been stored
   */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  /** Epoch ms of the last acknowledged send, and whether the last one failed. */
  readonly healthy: boolean;
  disconnect(): Promise<void>;
}

/** Keeps one request well below the broker's limit, whatever the spread of its records over partitions. */
const REQUEST_BYTES = 1024 * 1024;

/** Connects and returns. @throws DependencyError */
export async function createProducer(kafka: Kafka): Promise<RecordProducer> {
  const producer = acknowledgedProducer(kafka, {
    allowAutoTopicCreation: false,
    idempotent: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 6 },
  });
  let healthy = true;
  const guard = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      healthy = true;
    } catch (error) {
      if (isTooLarge(error)) throw new PoisonRecord('too-large', 'the broker refused the record for its size');
      healthy = false;
      throw new DependencyError('kafka', (error as Error).message, { cause: error });
    }
  };
  await guard(() => producer.connect());
  return {
    send: (topic, records) => guard(() => sendInRequests(records, (messages) => producer.send({ topic, messages }))),
    get healthy() {
      return healthy;
    },
    disconnect: () => producer.disconnect(),
  };
}

async function sendInRequests(
  records: readonly OutgoingRecord[],
  send: (messages: Message[]) => Promise<void>,
): Promise<void> {
  let from = 0;
  while (from < records.length) {
    let bytes = 0;
    let to = from;
    do bytes += records[to++]?.value.byteLength ?? 0;
    while (to < records.length && bytes + (records[to]?.value.byteLength ?? 0) <= REQUEST_BYTES);
    await send(records.slice(from, to).map(({ key, value }) => ({ key, value })));
    from = to;
  }
}
