/**
 * Finds whole requests in the bytes of one connection, and nothing else: the cheapest reader that a sink can have.
 * Requests have a content-length and no chunked body, as ours do.
 */
export interface SeenRequest {
  /** The bytes of its head, up to and with the empty line. */
  readonly head: Buffer;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');
const ZERO = 0x30;
const CR = 0x0d;

export class RequestReader {
  readonly #onRequest: (request: SeenRequest) => void;
  #pending: Buffer = Buffer.alloc(0);

  constructor(onRequest: (request: SeenRequest) => void) {
    this.#onRequest = onRequest;
  }

  take(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const headEnd = bytes.indexOf(HEAD_END);
      if (headEnd < 0) break;
      const from = headEnd + HEAD_END.length;
      const to = from + contentLength(bytes, headEnd);
      if (to > bytes.length) break;
      this.#onRequest({ head: bytes.subarray(0, from), body: bytes.subarray(from, to) });
      bytes = bytes.subarray(to);
    }
    this.#pending = bytes;
  }
}

/** Names of headers are in lower case: undici writes them as we give them, and `content-length` so by itself. */
function contentLength(bytes: Buffer, headEnd: number): number {
  const at = bytes.indexOf(LENGTH);
  if (at < 0 || at > headEnd) return 0;
  let length = 0;
  for (let index = at + LENGTH.length; bytes[index] !== CR; index += 1) length = length * 10 + bytes[index]! - ZERO;
  return length;
}
