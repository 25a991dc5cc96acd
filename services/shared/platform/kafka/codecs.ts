import kafkajs from 'kafkajs';
import { gzipCodec } from './gzip-codec.js';
import { lz4Codec } from './lz4-codec.js';
import { snappyCodec } from './snappy-codec.js';
import { zstdCodec } from './zstd-codec.js';

const MIB = 1024 * 1024;

/**
 * Teaches kafkajs the compressions that Kafka's producers may choose. Who writes to a topic decides, not we; and
 * kafkajs ends a consumer for good at the first batch whose compression it doesn't know.
 *
 * @param maxBatchBytes what one batch may inflate to. A batch takes at most the broker's `message.max.bytes`, 1 MiB by
 * default, but a megabyte of zeros takes next to nothing: without a bound one such batch takes the process's memory.
 */
export function registerCodecs(maxBatchBytes = 64 * MIB): void {
  // Not among the names that Node finds in this CommonJS module.
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const codecs = {
    gzip: gzipCodec(maxBatchBytes),
    snappy: snappyCodec(maxBatchBytes),
    lz4: lz4Codec(maxBatchBytes),
    zstd: zstdCodec(maxBatchBytes),
  };
  CompressionCodecs[CompressionTypes.GZIP] = () => codecs.gzip;
  CompressionCodecs[CompressionTypes.Snappy] = () => codecs.snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => codecs.lz4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => codecs.zstd;
}
