import type { IHeaders, KafkaMessage } from 'kafkajs';
import { ByteReader } from './byte-reader.js';

/** Fetch requests and their answers in the version that direct-fetch.ts speaks (11), each in one pass. No I/O. */
export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** 0: all records, 1: those of transactions that were committed. */
  readonly isolationLevel: number;
  readonly wanted: readonly WantedPartition[];
}

export interface WantedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Before the topics: replica, wait, least, most, isolation, session and its epoch, number of topics. */
const BEFORE_TOPICS_BYTES = 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4;
/** Number, leader's epoch, offset, start of the log, most bytes. */
const PARTITION_BYTES = 4 + 4 + 8 + 8 + 4;
/** Forgotten topics (none), and the length of the rack's name (none). */
const AFTER_TOPICS_BYTES = 4 + 2;
const NONE = -1;

/** The request, behind `room` bytes for its header. Partitions of a topic belong together if they follow each other. */
export function encodeFetch(request: FetchRequest, room: number): Buffer {
  const topics = byTopic(request.wanted);
  const bytes = Buffer.allocUnsafe(
    topics.reduce(
      (sum, { name, partitions }) => sum + 2 + name.length + 4 + partitions.length * PARTITION_BYTES,
      room + BEFORE_TOPICS_BYTES + AFTER_TOPICS_BYTES,
    ),
  );
  let at = bytes.writeInt32BE(NONE, room);
  at = bytes.writeInt32BE(request.maxWaitMs, at);
  at = bytes.writeInt32BE(request.minBytes, at);
  at = bytes.writeInt32BE(request.maxBytes, at);
  at = bytes.writeInt8(request.isolationLevel, at);
  at = bytes.writeInt32BE(0, at);
  at = bytes.writeInt32BE(NONE, at);
  at = bytes.writeInt32BE(topics.length, at);
  for (const { name, partitions } of topics) {
    at = bytes.writeInt16BE(name.length, at);
    at += name.copy(bytes, at);
    at = bytes.writeInt32BE(partitions.length, at);
    for (const { partition, offset } of partitions) {
      at = bytes.writeInt32BE(partition, at);
      at = bytes.writeInt32BE(NONE, at);
      at = writeInt64(bytes, offset, at);
      at = writeInt64(bytes, NONE, at);
      at = bytes.writeInt32BE(request.maxBytesPerPartition, at);
    }
  }
  at = bytes.writeInt32BE(0, at);
  bytes.writeInt16BE(0, at);
  return bytes;
}

interface WantedTopic {
  readonly topic: string;
  readonly name: Buffer;
  readonly partitions: WantedPartition[];
}

function byTopic(wanted: readonly WantedPartition[]): readonly WantedTopic[] {
  const topics: WantedTopic[] = [];
  let last: WantedTopic | undefined;
  for (const one of wanted) {
    if (last?.topic !== one.topic)
      topics.push((last = { topic: one.topic, name: Buffer.from(one.topic), partitions: [] }));
    last.partitions.push(one);
  }
  return topics;
}

function writeInt64(bytes: Buffer, value: number, at: number): number {
  const next = bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  return bytes.writeInt32BE(value | 0, next);
}

export interface Fetched {
  readonly throttleMs: number;
  /** Those that brought records. */
  readonly partitions: readonly FetchedRecords[];
}

export interface FetchedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: number;
  readonly messages: KafkaMessage[];
}

/**
 * What an answer brings, from behind the correlation id; undefined when it is out of the ordinary, so that kafkajs must
 * read it: errors, another replica to read from, records that are compressed, of a transaction or a format before 0.11.
 *
 * @param wanted what was asked for: records before these offsets, with which a broker may begin, are passed over
 */
export function decodeFetched(answer: Buffer, wanted: readonly WantedPartition[]): Fetched | undefined {
  const reader = new ByteReader(answer);
  const throttleMs = reader.int32();
  if (reader.int16() !== 0) return undefined;
  reader.skip(SESSION_BYTES);
  const partitions: FetchedRecords[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topic = reader.string();
    for (let left = reader.int32(); left > 0; left -= 1) {
      const fetched = partitionOf(reader, topic, wanted);
      if (fetched === undefined) return undefined;
      if (fetched.messages.length > 0) partitions.push(fetched);
    }
  }
  return { throttleMs, partitions };
}

const SESSION_BYTES = 4;
/** The last stable offset and the start of the log. */
const OTHER_OFFSETS_BYTES = 8 + 8;

function partitionOf(
  reader: ByteReader,
  topic: string,
  wanted: readonly WantedPartition[],
): FetchedRecords | undefined {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  reader.skip(OTHER_OFFSETS_BYTES);
  const abortedTransactions = reader.int32();
  if (errorCode !== 0 || abortedTransactions > 0 || reader.int32() !== NONE) return undefined;
  const bytes = reader.int32();
  if (bytes <= 0) return { topic, partition, highWatermark, messages: [] };
  const asked = askedOf(wanted, topic, partition);
  const messages = asked && readBatches(reader, reader.at + bytes, asked.offset);
  return messages && { topic, partition, highWatermark, messages };
}

/** What was asked of a partition of the answer. */
export function askedOf(
  wanted: readonly WantedPartition[],
  topic: string,
  partition: number,
): WantedPartition | undefined {
  return wanted.find((one) => one.partition === partition && one.topic === topic);
}

/** From the batch's first offset to the number of its records. */
const BATCH_HEADER_BYTES = 61;
const MAGIC = 2;
const LOG_APPEND_TIME = 0x08;
/** Of the attributes: compression, transaction, control. */
const OUT_OF_THE_ORDINARY = 0x37;

/**
 * The records of a partition's batches up to `end`; undefined when one of them is out of the ordinary, or there is none.
 * The last batch may be cut off: then it comes again.
 */
function readBatches(reader: ByteReader, end: number, from: number): KafkaMessage[] | undefined {
  const messages: KafkaMessage[] = [];
  while (reader.at + BATCH_HEADER_BYTES <= end) {
    const firstOffset = reader.int64();
    const batchEnd = reader.int32() + reader.at;
    if (batchEnd > end) break;
    // The leader's epoch.
    reader.skip(4);
    if (reader.int8() !== MAGIC) return undefined;
    // The checksum: TCP has one of its own, and kafkajs checks it no more than this.
    reader.skip(4);
    const attributes = reader.int16();
    if ((attributes & OUT_OF_THE_ORDINARY) !== 0) return undefined;
    // The last offset.
    reader.skip(4);
    const [firstTimestamp, maxTimestamp] = [reader.int64(), reader.int64()];
    // The producer, its epoch and its sequence.
    reader.skip(8 + 2 + 4);
    const appendedAt = (attributes & LOG_APPEND_TIME) === 0 ? undefined : maxTimestamp;
    for (let left = reader.int32(); left > 0; left -= 1) {
      const message = recordOf(reader, firstOffset, firstTimestamp, appendedAt);
      if (Number(message.offset) >= from) messages.push(message);
    }
    reader.moveTo(batchEnd);
  }
  reader.moveTo(end);
  return messages.length > 0 ? messages : undefined;
}

function recordOf(reader: ByteReader, firstOffset: number, firstTimestamp: number, appendedAt?: number): KafkaMessage {
  const end = reader.varInt() + reader.at;
  const attributes = reader.int8();
  const timestamp = appendedAt ?? firstTimestamp + reader.varInt();
  if (appendedAt !== undefined) reader.varInt();
  const offset = firstOffset + reader.varInt();
  const key = reader.varBytes();
  const value = reader.varBytes();
  const headers = headersOf(reader);
  reader.moveTo(end);
  return { attributes, timestamp: String(timestamp), offset: String(offset), key, value, headers };
}

/** One that comes several times is a list, as in kafkajs. */
function headersOf(reader: ByteReader): IHeaders {
  const headers: IHeaders = {};
  for (let left = reader.varInt(); left > 0; left -= 1) {
    const name = reader.varBytes()?.toString() ?? '';
    // Null where there is none, as in kafkajs, whatever its types declare.
    const value = reader.varBytes() as Buffer;
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
