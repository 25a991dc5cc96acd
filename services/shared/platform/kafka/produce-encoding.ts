import { crc32c } from '@node-rs/crc32';
import type { Message, PartitionMessages, ProduceOptions } from 'kafkajs/src/broker/index.js';
import type { ProduceAnswer } from 'kafkajs/src/protocol/requests/produce/v7/response.js';
import { ByteReader } from './byte-reader.js';

/**
 * Produce requests and their answers in the version that direct-produce.ts speaks (7), each in one pass, byte for byte as
 * kafkajs (2.2.4) makes them. No I/O.
 *
 * kafkajs makes an encoder per record, batch, partition, topic and request, each of which copies what the one before it
 * made into memory that is cleared and grows by doubling, calculates 64-bit integers of any precision for each record's
 * timestamp, and the checksum byte by byte in JavaScript: more than half of the fan-out's own CPU.
 */
/** From the partition's leader epoch to the records: what the length of a batch counts beside these. */
const BATCH_HEADER_BYTES = 49;
/** The first offset and the length itself. */
const BATCH_PREFIX_BYTES = 12;
/** Where the checksum stands in a batch, and where what it covers begins. */
const CHECKSUM_AT = 17;
const CHECKED_FROM = 21;
const MAGIC = 2;

/** The request for records without headers that were made at `now` (epoch ms), behind `room` bytes for its header. */
export function encodeProduce({ acks, timeout, topicData }: ProduceOptions, now: number, room: number): Buffer {
  const topics = topicData.map(({ topic, partitions }) => ({
    name: Buffer.from(topic),
    partitions: partitions.map(({ partition, messages }) => sizedBatch(partition, messages)),
  }));
  const bytes = Buffer.allocUnsafe(
    topics.reduce(
      (sum, { name, partitions }) =>
        partitions.reduce((all, { size }) => all + 8 + BATCH_PREFIX_BYTES + size, sum + 2 + name.length + 4),
      room + 2 + 2 + 4 + 4,
    ),
  );
  let at = bytes.writeInt16BE(-1, room);
  at = bytes.writeInt16BE(acks, at);
  at = bytes.writeInt32BE(timeout, at);
  at = bytes.writeInt32BE(topics.length, at);
  for (const { name, partitions } of topics) {
    at = bytes.writeInt16BE(name.length, at);
    at += name.copy(bytes, at);
    at = bytes.writeInt32BE(partitions.length, at);
    for (const batch of partitions) at = writeBatch(bytes, at, batch, now);
  }
  return bytes;
}

interface SizedRecord {
  readonly key: Message['key'];
  readonly value: Message['value'];
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Without its own length. */
  readonly size: number;
}

interface SizedBatch {
  readonly partition: number;
  readonly records: readonly SizedRecord[];
  /** Without first offset and length. */
  readonly size: number;
}

function sizedBatch(partition: number, messages: PartitionMessages['messages']): SizedBatch {
  let size = BATCH_HEADER_BYTES;
  const records = messages.map(({ key, value }, offset) => {
    const [keyBytes, valueBytes] = [lengthOf(key), lengthOf(value)];
    // One byte each: attributes, the difference of timestamps, the number of headers.
    const body = 3 + varIntBytes(offset) + sizeWithLength(keyBytes) + sizeWithLength(valueBytes);
    size += varIntBytes(body) + body;
    return { key, value, keyBytes, valueBytes, size: body };
  });
  return { partition, records, size };
}

/** -1 for none. */
function lengthOf(bytes: Message['key']): number {
  if (bytes === null || bytes === undefined) return -1;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
}

function sizeWithLength(length: number): number {
  return varIntBytes(length) + Math.max(0, length);
}

function writeBatch(bytes: Buffer, from: number, { partition, records, size }: SizedBatch, now: number): number {
  let at = bytes.writeInt32BE(partition, from);
  at = bytes.writeInt32BE(BATCH_PREFIX_BYTES + size, at);
  const batch = at;
  const timestamp = BigInt(now);
  at = bytes.writeBigInt64BE(0n, at);
  at = bytes.writeInt32BE(size, at);
  at = bytes.writeInt32BE(0, at);
  at = bytes.writeInt8(MAGIC, at);
  at = batch + CHECKED_FROM;
  at = bytes.writeInt16BE(0, at);
  at = bytes.writeInt32BE(records.length - 1, at);
  at = bytes.writeBigInt64BE(timestamp, at);
  at = bytes.writeBigInt64BE(timestamp, at);
  // Nobody's sequence: not idempotent.
  at = bytes.writeBigInt64BE(-1n, at);
  at = bytes.writeInt16BE(0, at);
  at = bytes.writeInt32BE(0, at);
  at = bytes.writeInt32BE(records.length, at);
  for (let offset = 0; offset < records.length; offset += 1) at = writeRecord(bytes, at, offset, records[offset]!);
  bytes.writeUInt32BE(crc32c(bytes.subarray(batch + CHECKED_FROM, at)), batch + CHECKSUM_AT);
  return at;
}

function writeRecord(bytes: Buffer, from: number, offset: number, record: SizedRecord): number {
  let at = writeVarInt(bytes, from, record.size);
  bytes[at++] = 0;
  bytes[at++] = 0;
  at = writeVarInt(bytes, at, offset);
  at = writeWithLength(bytes, at, record.key, record.keyBytes);
  at = writeWithLength(bytes, at, record.value, record.valueBytes);
  bytes[at++] = 0;
  return at;
}

function writeWithLength(bytes: Buffer, from: number, value: Message['key'], length: number): number {
  const at = writeVarInt(bytes, from, length);
  if (typeof value === 'string') bytes.write(value, at);
  else if (length > 0) (value as Buffer).copy(bytes, at);
  return at + Math.max(0, length);
}

/** Kafka's variable-length integer, as protobuf's sint32. */
function writeVarInt(bytes: Buffer, from: number, value: number): number {
  let at = from;
  let left = zigZag(value);
  for (; left > 0x7f; left >>>= 7) bytes[at++] = (left & 0x7f) | 0x80;
  bytes[at++] = left;
  return at;
}

function varIntBytes(value: number): number {
  let bytes = 1;
  for (let left = zigZag(value); left > 0x7f; left >>>= 7) bytes += 1;
  return bytes;
}

function zigZag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

/** What was stored, and for how long to be quiet; undefined when a partition was refused: kafkajs then says why. */
export function decodeProduced(answer: Buffer): ProduceAnswer | undefined {
  const reader = new ByteReader(answer);
  const topics = [];
  for (let left = reader.int32(); left > 0; left -= 1) {
    const topic = { topicName: reader.string(), partitions: [] as StoredPartition[] };
    topics.push(topic);
    for (let partitions = reader.int32(); partitions > 0; partitions -= 1) {
      const stored = {
        partition: reader.int32(),
        errorCode: reader.int16(),
        baseOffset: String(reader.int64()),
        logAppendTime: String(reader.int64()),
        logStartOffset: String(reader.int64()),
      };
      if (stored.errorCode !== 0) return undefined;
      topic.partitions.push(stored);
    }
  }
  return { topics, clientSideThrottleTime: reader.int32() };
}

type StoredPartition = ProduceAnswer['topics'][number]['partitions'][number];
