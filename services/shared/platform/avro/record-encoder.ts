import { InvariantError } from '../../core/errors.js';
import { parseSchema } from './parse-schema.js';
import { HEADER_BYTES, writeHeader } from './wire-format.js';

export interface RecordEncoder<T> {
  /** @throws InvariantError when the value doesn't fit the schema: a bug of ours, since every value here is ours */
  readonly encode: (value: T) => Buffer;
}

const FIRST_SCRATCH_BYTES = 16 * 1024;

/**
 * Writes records in the Confluent wire format, without waiting for anything: the id was looked up before.
 * @param schema JSON text of the schema that has the id `schemaId`
 */
export function createRecordEncoder<T>(schema: string, schemaId: number): RecordEncoder<T> {
  const type = parseSchema(schema);
  // Avro's length is only known once it is written: write into a scratch buffer, copy out once, header included.
  let scratch = Buffer.allocUnsafeSlow(FIRST_SCRATCH_BYTES);
  writeHeader(scratch, schemaId);

  function encode(value: T): Buffer {
    let end = write(value);
    if (end < 0) {
      scratch = Buffer.allocUnsafeSlow(2 * (scratch.length - end));
      writeHeader(scratch, schemaId);
      end = write(value);
    }
    const record = Buffer.allocUnsafe(end);
    scratch.copy(record, 0, 0, end);
    return record;
  }

  /** Where the record ends; when the scratch buffer is too short, minus the number of bytes that it lacks. */
  function write(value: T): number {
    try {
      return type.encode(value, scratch, HEADER_BYTES);
    } catch {
      // avsc's own message holds the value, which may be a customer's data.
      const paths: string[] = [];
      type.isValid(value, { errorHook: (path) => paths.push(path.join('.')) });
      throw new InvariantError(`the value doesn't fit ${type.name} at ${paths.join(', ') || 'its root'}`);
    }
  }

  return { encode };
}
