import { compress, decompress, init } from '@bokuweb/zstd-wasm';
import { checkSize, type Codec, namedCodec } from './codec.js';

/**
 * Zstandard (libzstd compiled to WebAssembly: Node 20 has none of its own). Java's frames don't say how long they are
 * once inflated, and one byte may stand for 128 KiB; so the blocks of the frame are counted first, and the library
 * gets room for what they can hold and no more.
 */
const FRAME_MAGIC = 0xfd2fb528;
const BLOCK_BYTES = 128 * 1024;

let loaded: Promise<void> | undefined;

/** Once per process: a second `init` leaves the library with two memories, and it then inflates to wrong bytes. */
function load(): Promise<void> {
  return (loaded ??= init());
}

export function zstdCodec(maxBytes: number): Codec {
  return namedCodec('zstd', {
    compress: async ({ buffer }) => {
      await load();
      return asBuffer(compress(buffer));
    },
    decompress: async (compressed) => {
      const bound = inflatedBound(compressed);
      checkSize(bound, maxBytes);
      await load();
      return asBuffer(decompress(compressed, { defaultHeapSize: bound }));
    },
  });
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** At most how many bytes the frame inflates to. @throws Error when it is no single frame, or one that is cut off */
function inflatedBound(frame: Buffer): number {
  if (frame.readUInt32LE(0) !== FRAME_MAGIC) throw new Error('it is not a Zstandard frame');
  const descriptor = frame.readUInt8(4);
  const { start, contentSize } = readHeader(frame, descriptor);
  let bound = 0;
  let at = start;
  for (let last = false; !last;) {
    const block = frame.readUIntLE(at, 3);
    const [kind, size] = [(block >> 1) & 3, block >> 3];
    last = (block & 1) === 1;
    // 0 is stored, 1 is one byte repeated, 2 is compressed: `size` is then what it takes here.
    bound += kind === 2 ? BLOCK_BYTES : size;
    at += 3 + (kind === 1 ? 1 : size);
  }
  const end = at + ((descriptor & 4) === 0 ? 0 : 4);
  if (end !== frame.length) throw new Error(end > frame.length ? 'it is cut off' : 'it is more than one frame');
  if (contentSize === undefined) return bound;
  if (contentSize > bound) throw new Error('it announces more bytes than its blocks can hold');
  return contentSize;
}

/** Where the blocks begin, and the inflated size where the frame announces it. */
function readHeader(frame: Buffer, descriptor: number): { start: number; contentSize: number | undefined } {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 ? Number(isSingleSegment) : 2 ** sizeCode;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const start = at + sizeBytes;
  if (sizeBytes === 0) return { start, contentSize: undefined };
  if (sizeBytes === 8) return { start, contentSize: Number(frame.readBigUInt64LE(at)) };
  return { start, contentSize: frame.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0) };
}
