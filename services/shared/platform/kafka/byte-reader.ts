/** Reads Kafka's binary protocol from front to back. 64-bit integers become numbers: exact up to 2^53. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  moveTo(at: number): void {
    this.#at = at;
  }

  skip(length: number): void {
    this.#at += length;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#at++);
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  int64(): number {
    return this.int32() * 0x1_0000_0000 + (this.int32() >>> 0);
  }

  /** A string with its length in two bytes, as names of topics have. */
  string(): string {
    return this.#take(this.int16()).toString();
  }

  /** Variable-length and zigzag, of any size. */
  varInt(): number {
    let [value, weight, byte] = [0, 1, 0];
    do {
      byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * weight;
      weight *= 0x80;
    } while (byte > 0x7f);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A part of the bytes, not a copy, with its length as a `varInt`; null for none. */
  varBytes(): Buffer | null {
    const length = this.varInt();
    return length < 0 ? null : this.#take(length);
  }

  #take(length: number): Buffer {
    const from = this.#at;
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }
}
