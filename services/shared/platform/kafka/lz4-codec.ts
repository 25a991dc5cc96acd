import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { checkSize, type Codec, namedCodec } from './codec.js';

/**
 * LZ4 as Kafka has it since message format 2: one LZ4 frame. The library inflates whatever a frame holds, so the blocks
 * are counted first: none inflates to more than the block size that the frame's header declares.
 */
const FRAME_MAGIC = 0x184d2204;
/** By the code in the frame's header. */
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20 };

export function lz4Codec(maxBytes: number): Codec {
  return namedCodec('lz4', {
    compress: ({ buffer }) => Promise.resolve(compressFrameSync(buffer)),
    decompress: (compressed) => {
      checkSize(inflatedBound(compressed), maxBytes);
      return Promise.resolve(decompressFrameSync(compressed));
    },
  });
}

/** At most how many bytes the frame inflates to. @throws Error when it is no LZ4 frame, or one that is cut off */
function inflatedBound(frame: Buffer): number {
  if (frame.readUInt32LE(0) !== FRAME_MAGIC) throw new Error('it is not an LZ4 frame');
  const flags = frame.readUInt8(4);
  const blockBytes = BLOCK_BYTES[(frame.readUInt8(5) >> 4) & 7];
  if (blockBytes === undefined) throw new Error('its block size is not one of LZ4');
  const checksumBytes = (flags & 0x10) === 0 ? 0 : 4;
  const contentSizeBytes = (flags & 0x08) === 0 ? 0 : 8;
  let bound = 0;
  for (let at = 7 + contentSizeBytes; ;) {
    const word = frame.readUInt32LE(at);
    if (word === 0) return bound;
    // The highest bit marks a block that is stored as it is.
    const length = word & 0x7fffffff;
    bound += word > 0x7fffffff ? length : blockBytes;
    at += 4 + length + checksumBytes;
  }
}
