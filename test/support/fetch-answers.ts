import Encoder from 'kafkajs/src/protocol/encoder.js';
import { RecordBatch } from 'kafkajs/src/protocol/recordBatch/v0/index.js';
import encodeRecord from 'kafkajs/src/protocol/recordBatch/record/v0/index.js';

/** Answers of a broker to fetches (version 11), from behind the correlation id, as kafkajs's own encoders write them. */
export interface AnsweredPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode?: number;
  readonly highWatermark?: number;
  readonly abortedTransactions?: number;
  readonly preferredReadReplica?: number;
  readonly batches?: readonly AnsweredBatch[];
  /** Bytes of the last batch that didn't fit. */
  readonly cutOff?: number;
}

export interface AnsweredBatch {
  readonly firstOffset: number;
  readonly firstTimestamp?: number;
  readonly maxTimestamp?: number;
  readonly compression?: number;
  readonly transactional?: boolean;
  /** Of the batch's attributes, which kafkajs's encoder doesn't set. */
  readonly attributes?: number;
  readonly records: readonly AnsweredRecord[];
}

export interface AnsweredRecord {
  readonly offsetDelta: number;
  readonly timestampDelta?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}

export async function fetchAnswer(partitions: readonly AnsweredPartition[], throttleMs = 0): Promise<Buffer> {
  const answer = new Encoder().writeInt32(throttleMs).writeInt16(0).writeInt32(0).writeInt32(partitions.length);
  for (const one of partitions) {
    const records = Buffer.concat(await Promise.all((one.batches ?? []).map(batchBytes)));
    const aborted = one.abortedTransactions ?? -1;
    answer
      .writeString(one.topic)
      .writeInt32(1)
      .writeInt32(one.partition)
      .writeInt16(one.errorCode ?? 0);
    for (const offset of [one.highWatermark ?? 0, one.highWatermark ?? 0, 0]) answer.writeInt64(offset);
    answer.writeInt32(aborted);
    for (let left = aborted; left > 0; left -= 1) answer.writeInt64(1).writeInt64(0);
    answer.writeInt32(one.preferredReadReplica ?? -1);
    answer.writeBytes(records.subarray(0, records.length - (one.cutOff ?? 0)));
  }
  return answer.buffer;
}

const ATTRIBUTES_AT = 21;

async function batchBytes({ attributes, records, ...batch }: AnsweredBatch): Promise<Buffer> {
  const timestamps = { firstTimestamp: 0, maxTimestamp: 0 };
  const encoded = await RecordBatch({ ...timestamps, ...batch, records: records.map(encodeRecord) });
  const bytes = Buffer.from(encoded.buffer);
  if (attributes !== undefined) bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  return bytes;
}
