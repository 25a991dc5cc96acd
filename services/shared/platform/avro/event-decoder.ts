import { isEventType } from '../../core/vocabulary.js';
import type { RecordDecoder, WriterSchemas } from './record-decoder.js';
import { createRecordDecoder } from './record-decoder.js';
import { newestSchema } from './schema-files.js';

/**
 * The pipelines' events, as `normalize` takes them: the envelope with `data` as `{ 'full.name.of.its.branch': data }`,
 * instants as ISO-8601. An event of a type that we don't know is let through even where its schema can't be read as
 * ours, since it will be skipped.
 */
export function createEventDecoder(
  record: 'call-event' | 'whatsapp-event',
  schemas: WriterSchemas,
): RecordDecoder<unknown> {
  return createRecordDecoder<unknown>({
    reader: newestSchema(record),
    schemas,
    acceptUnresolved: ({ event_type: type }) => typeof type === 'string' && !isEventType(type),
  });
}
