/** Compression of the records of a batch, as kafkajs calls it. */
export interface Codec {
  readonly compress: (encoder: { readonly buffer: Buffer }) => Promise<Buffer>;
  /** @throws Error, and nothing else: kafkajs ends a consumer for good on a RangeError or TypeError */
  readonly decompress: (compressed: Buffer) => Promise<Buffer>;
}

/**
 * A codec whose failures are plain errors that name it.
 * @param work may throw anything, synchronously too
 */
export function namedCodec(name: string, work: Codec): Codec {
  async function attempt<T>(doing: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw new Error(`${name}: ${doing} a batch failed: ${(error as Error).message}`, { cause: error });
    }
  }
  return {
    compress: (encoder) => attempt('compressing', () => work.compress(encoder)),
    decompress: (compressed) => attempt('decompressing', () => work.decompress(compressed)),
  };
}

/** @throws Error when a batch would inflate beyond what is allowed */
export function checkSize(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw new Error(`it may inflate to ${bytes} bytes, ${maxBytes} are allowed`);
}
