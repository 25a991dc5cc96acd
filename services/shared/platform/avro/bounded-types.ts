import { isUtf8 } from 'node:buffer';
import avsc from 'avsc';

/**
 * Avro arrays, maps and strings that can't be turned against the process.
 *
 * avsc 5.7 believes the counts it reads: five bytes that announce 2^31 items make it loop (and allocate) 2^31 times,
 * because reading past the end yields zeros; a negative block size sends `skip` backwards for ever; invalid UTF-8
 * becomes U+FFFD in a customer's payload. Here a block may not announce more items than bytes are left (every item
 * takes at least one, or the schema is refused), block sizes are ignored, and invalid UTF-8 is an error.
 *
 * `_read`, `_skip`, `_write` and the tap are avsc's own inner contract: avsc is pinned, the poison corpus in
 * test/contract guards it.
 */

/** avsc's cursor over a buffer; reading past the end yields zeros and is noticed at the end. */
export interface Tap {
  buf: Buffer & { utf8Slice(start: number, end: number): string };
  pos: number;
  readLong(): number;
  skipLong(): void;
}

interface Readable {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

/** The number of items in the block that begins here; 0 ends the sequence. @throws Error when they can't fit */
function readBlockCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  const left = tap.buf.length - tap.pos;
  if (!(count <= left)) throw new Error(`a block announces ${count} items, ${left} bytes are left`);
  return count;
}

/** Whether every value of the type takes at least one byte. A record still being defined always does: it recurses. */
function takesBytes(type: avsc.Type): boolean {
  if (avsc.Type.isType(type, 'null')) return false;
  if (avsc.Type.isType(type, 'logical')) return takesBytes((type as avsc.types.LogicalType).underlyingType);
  if (avsc.Type.isType(type, 'fixed')) return (type as avsc.types.FixedType).size > 0;
  if (!avsc.Type.isType(type, 'record', 'error')) return true;
  const { fields } = type as Partial<avsc.types.RecordType>;
  return fields === undefined || fields.some((field) => takesBytes(field.type));
}

/** @throws Error (the constructor) when its items take no bytes: their count would be bounded by nothing */
export class BoundedArrayType extends avsc.types.ArrayType {
  constructor(schema: avsc.Schema, opts: Partial<avsc.ForSchemaOptions>) {
    super(schema, opts);
    if (!takesBytes(this.itemsType)) throw new Error('an array whose items take no bytes is refused');
  }

  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as Readable;
    const values: unknown[] = [];
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap)) {
      while (count-- > 0) values.push(items._read(tap));
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as Readable;
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap)) {
      while (count-- > 0) items._skip(tap);
    }
  }
}

/** Its entries always take bytes: the key has a length. */
export class BoundedMapType extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as Readable;
    const map: Record<string, unknown> = {};
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap)) {
      while (count-- > 0) setOwn(map, readUtf8(tap), values._read(tap));
    }
    return map;
  }

  _skip(tap: Tap): void {
    const values = this.valuesType as Readable;
    for (let count = readBlockCount(tap); count > 0; count = readBlockCount(tap)) {
      while (count-- > 0) {
        readUtf8(tap);
        values._skip(tap);
      }
    }
  }
}

/** A key named `__proto__` is data like any other; a plain assignment would replace the prototype. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

export class StrictStringType extends avsc.types.StringType {
  _read(tap: Tap): string {
    return readUtf8(tap);
  }
}

/** @throws Error when the string is cut or isn't UTF-8 */
function readUtf8(tap: Tap): string {
  const length = tap.readLong();
  const start = tap.pos;
  const end = start + length;
  if (!(length >= 0 && end <= tap.buf.length)) throw new Error('a string is cut off');
  tap.pos = end;
  const text = tap.buf.utf8Slice(start, end);
  // U+FFFD is what the decoder puts in the place of invalid bytes, and rarely a character of the text itself.
  if (text.includes('\ufffd') && !isUtf8(tap.buf.subarray(start, end))) throw new Error('a string is not UTF-8');
  return text;
}
