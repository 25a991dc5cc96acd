import { PoisonRecord } from '../../core/errors.js';

/** The Confluent wire format: a zero byte, the schema id as int32 big-endian, then the Avro bytes. */
export const HEADER_BYTES = 5;

/** Writes the header of a record whose Avro bytes begin at `HEADER_BYTES`. */
export function writeHeader(target: Buffer, schemaId: number): void {
  target[0] = 0;
  target.writeInt32BE(schemaId, 1);
}

/**
 * The id of the schema that a record was written with.
 * @throws PoisonRecord when the value has no such header; the detail says what it looks like instead
 */
export function schemaIdOf(value: Buffer): number {
  if (value.length < HEADER_BYTES) {
    throw new PoisonRecord(
      'undecodable',
      `the value has ${value.length} bytes; the shortest record has ${HEADER_BYTES}`,
    );
  }
  if (value[0] !== 0)
    throw new PoisonRecord('undecodable', `the value begins with ${describeByte(value[0])}, not with 0`);
  const id = value.readInt32BE(1);
  if (id <= 0) throw new PoisonRecord('undecodable', `${id} is not a schema id`);
  return id;
}

function describeByte(byte: number | undefined): string {
  if (byte === 0x7b || byte === 0x5b) return `'${String.fromCharCode(byte)}' (plain JSON?)`;
  return `byte 0x${(byte ?? 0).toString(16).padStart(2, '0')}`;
}
