import { crc32c } from '@node-rs/crc32';
import Broker from 'kafkajs/src/broker/index.js';
import type { Message, PartitionMessages, ProduceOptions, ProtocolRequest } from 'kafkajs/src/broker/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';

/**
 * Encodes what kafkajs (2.2.4) produces in one pass, byte for byte as it does itself.
 *
 * kafkajs makes an encoder per record, batch, partition, topic and request, each of which copies what the one before it
 * made into memory that is cleared and grows by doubling, calculates 64-bit integers of any precision for each record's
 * timestamp, and the checksum byte by byte in JavaScript: more than half of the fan-out's own CPU. What is out of the
 * ordinary here is left to it: headers, timestamps, compression, transactions, sequences, and brokers before 0.11.
 */
export function encodeProducedAtOnce(): void {
  Broker.prototype.produce = produceEncodedAtOnce;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its broker
const produce = Broker.prototype.produce;

type Produced = Parameters<typeof produce>[0];

function produceEncodedAtOnce(this: Broker, options: Produced): Promise<unknown> {
  const { lookupRequest } = this;
  if (!isOrdinary(options)) return produce.call(this, options);
  const wrapped: typeof lookupRequest = (apiKey, definition) => {
    const protocol = lookupRequest(apiKey, definition);
    return (args) => {
      const made = protocol(args);
      return made.request.apiVersion < FIRST_OF_BATCHES
        ? made
        : { ...made, request: encodedAtOnce(made.request, args) };
    };
  };
  return produce.call(Object.create(this, { lookupRequest: { value: wrapped } }) as Broker, options);
}

const NOBODY = -1;
/** The version of the request since which records come in batches with one checksum. */
const FIRST_OF_BATCHES = 3;

function isOrdinary({ topicData, transactionalId, producerId, compression = 0 }: Produced): boolean {
  return (
    compression === 0 &&
    (transactionalId ?? undefined) === undefined &&
    (producerId === undefined || producerId === NOBODY) &&
    topicData.every(({ partitions }) =>
      partitions.every(({ messages }) =>
        messages.every(({ headers, timestamp }) => headers === undefined && (timestamp ?? undefined) === undefined),
      ),
    )
  );
}

function encodedAtOnce(request: ProtocolRequest, options: ProduceOptions): ProtocolRequest {
  return { ...request, encode: () => Promise.resolve(encoderOf(encodeProduce(options, Date.now()))) };
}

/** What kafkajs takes for the result of an encoding. */
function encoderOf(bytes: Buffer): Encoder {
  const encoder = new Encoder(1);
  encoder.buf = bytes;
  encoder.offset = bytes.length;
  return encoder;
}

/** From the partition's leader epoch to the records: what the length of a batch counts beside these. */
const BATCH_HEADER_BYTES = 49;
/** The first offset and the length itself. */
const BATCH_PREFIX_BYTES = 12;
/** Where the checksum stands in a batch, and where what it covers begins. */
const CHECKSUM_AT = 17;
const CHECKED_FROM = 21;
const MAGIC = 2;

/** The body of a produce request, version 3 and later, for records without headers that were made at `now` (epoch ms). */
export function encodeProduce({ acks, timeout, topicData }: ProduceOptions, now: number): Buffer {
  const topics = topicData.map(({ topic, partitions }) => ({
    name: Buffer.from(topic),
    partitions: partitions.map(({ partition, messages }) => sizedBatch(partition, messages)),
  }));
  const bytes = Buffer.allocUnsafe(
    topics.reduce(
      (sum, { name, partitions }) =>
        partitions.reduce((all, { size }) => all + 8 + BATCH_PREFIX_BYTES + size, sum + 2 + name.length + 4),
      2 + 2 + 4 + 4,
    ),
  );
  let at = bytes.writeInt16BE(-1);
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
  at = bytes.writeBigInt64BE(BigInt(NOBODY), at);
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
