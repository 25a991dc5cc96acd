import { promisify } from 'node:util';
import { gzip, unzip } from 'node:zlib';
import { type Codec, namedCodec } from './codec.js';

const compressed = promisify<Buffer, Buffer>(gzip);
const inflated = promisify(unzip);

/** Like kafkajs's own, but bounded: that one inflates without end (kafkajs issue 1795). */
export function gzipCodec(maxBytes: number): Codec {
  return namedCodec('gzip', {
    compress: ({ buffer }) => compressed(buffer),
    decompress: (batch) => inflated(batch, { maxOutputLength: maxBytes }),
  });
}
