import { compressSync, uncompressSync } from 'snappy';
import { checkSize, type Codec, namedCodec } from './codec.js';

/**
 * Snappy as Kafka has it: Java clients put "xerial" framing around blocks of 32 KiB, librdkafka and others send one
 * bare block. Both are read; Java's framing is written. A block begins with its inflated length, so that is checked
 * before anything is allocated.
 */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_VERSIONS = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]);
const XERIAL_HEADER_BYTES = 16;
const BLOCK_BYTES = 32 * 1024;

export function snappyCodec(maxBytes: number): Codec {
  return namedCodec('snappy', {
    compress: ({ buffer }) => Promise.resolve(compress(buffer)),
    decompress: (compressed) => Promise.resolve(decompress(compressed, maxBytes)),
  });
}

function compress(raw: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL_MAGIC, XERIAL_VERSIONS];
  for (let start = 0; start < raw.length; start += BLOCK_BYTES) {
    const block = compressSync(raw.subarray(start, start + BLOCK_BYTES));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

function decompress(compressed: Buffer, maxBytes: number): Buffer {
  const blocks = isXerial(compressed) ? xerialBlocks(compressed) : [compressed];
  checkSize(
    blocks.reduce((sum, block) => sum + inflatedLength(block), 0),
    maxBytes,
  );
  const parts = blocks.map((block) => uncompressSync(block, { asBuffer: true }) as Buffer);
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

function isXerial(compressed: Buffer): boolean {
  return compressed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC);
}

function xerialBlocks(compressed: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < compressed.length;) {
    const length = compressed.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > compressed.length) throw new Error('a block is cut off');
    blocks.push(compressed.subarray(at, at + length));
    at += length;
  }
  return blocks;
}

/** The varint that a snappy block begins with. */
function inflatedLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index];
    if (byte === undefined) throw new Error('a block is cut off');
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new Error('a block has no length');
}
