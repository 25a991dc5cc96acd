import type { DeadLetter } from '../../core/verdict.js';
import type { RecordDecoder, WriterSchemas } from './record-decoder.js';
import { createRecordDecoder } from './record-decoder.js';
import type { RecordEncoder } from './record-encoder.js';
import { createRecordEncoder } from './record-encoder.js';
import { newestSchema } from './schema-files.js';

/** Dead letters carry a whole record of up to 1 MiB and what is said about it. */
const MAX_BYTES = 2 * 1024 * 1024;

/** A dead letter as the record of webhooks.dead-letter. The schema's fields are those of the type DeadLetter. */
export function createDeadLetterDecoder(schemas: WriterSchemas): RecordDecoder<DeadLetter> {
  return createRecordDecoder<DeadLetter>({ reader: newestSchema('dead-letter'), schemas, maxBytes: MAX_BYTES });
}

/** @param schemaId the id of our newest dead-letter schema */
export function createDeadLetterEncoder(schemaId: number): RecordEncoder<DeadLetter> {
  return createRecordEncoder<DeadLetter>(newestSchema('dead-letter'), schemaId);
}
