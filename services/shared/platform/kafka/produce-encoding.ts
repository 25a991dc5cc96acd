import { crc32c } from '@node-rs/crc32';
import type { Message } from 'kafkajs';
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

/** Of one topic. Headers and timestamps of its messages are not written. */
export interface PartitionMessages {
  readonly partition: number;
  readonly messages: readonly Message[];
}

const ALL_IN_SYNC = -1;
/** The broker answers with an error when its replicas take longer. */
const TIMEOUT_MS = 30_000;

/** The request for records that were made at `now` (epoch ms), behind `room` bytes for its header. */
export function encodeProduce(
  topic: string,
  partitions: readonly PartitionMessages[],
  now: number,
  room: number,
): Buffer {
  const name = Buffer.from(topic);
  const batches = partitions.map(({ partition, messages }) => sizedBatch(partition, messages));
  const bytes = Buffer.allocUnsafe(
    batches.reduce((sum, { size }) => sum + 8 + BATCH_PREFIX_BYTES + size, room + 2 + 2 + 4 + 4 + 2 + name.length + 4),
  );
  // Of no transaction.
  let at = bytes.writeInt16BE(-1, room);
  at = bytes.writeInt16BE(ALL_IN_SYNC, at);
  at = bytes.writeInt32BE(TIMEOUT_MS, at);
  at = bytes.writeInt32BE(1, at);
  at = bytes.writeInt16BE(name.length, at);
  at += name.copy(bytes, at);
  at = bytes.writeInt32BE(batches.length, at);
  for (const batch of batches) at = writeBatch(bytes, at, batch, now);
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

export interface Produced {
  /** The partitions that have stored what was sent to them. */
  readonly acknowledged: readonly number[];
  readonly throttleMs: number;
}

/** Offset, timestamp and the start of the log. */
const STORED_BYTES = 8 + 8 + 8;

/** The answer for one topic, from behind the correlation id. */
export function decodeProduced(answer: Buffer): Produced {
  const reader = new ByteReader(answer);
  const acknowledged: number[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    reader.string();
    for (let partitions = reader.int32(); partitions > 0; partitions -= 1) {
      const partition = reader.int32();
      if (reader.int16() === 0) acknowledged.push(partition);
      reader.skip(STORED_BYTES);
    }
  }
  return { acknowledged, throttleMs: reader.int32() };
}
