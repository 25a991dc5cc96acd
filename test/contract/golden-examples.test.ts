import { describe, expect, test } from '@jest/globals';
import { normalizeEvent } from '../../services/shared/core/contract.js';
import { renderBody } from '../../services/shared/core/event.js';
import { createEventDecoder } from '../../services/shared/platform/avro/event-decoder.js';
import { createRecordEncoder } from '../../services/shared/platform/avro/record-encoder.js';
import { newestSchema } from '../../services/shared/platform/avro/schema-files.js';
import { ALL_EVENT_TYPES, avroValueOf, exampleOf, familyOf } from '../support/event-examples.js';
import { fixedSchemas } from '../support/known-schemas.js';

/** Each sub-event is one thing in three forms: the golden example, the pipeline's Avro and the body we send. */
describe.each(ALL_EVENT_TYPES)('%s', (type) => {
  const example = exampleOf(type);
  const { record, family } = familyOf(type);
  const schema = newestSchema(record);
  const encoded = createRecordEncoder(schema, 7).encode(avroValueOf(example));
  const decoded = createEventDecoder(record, fixedSchemas({ 7: schema })).decode(encoded);
  const normalized = normalizeEvent(decoded, family);

  test('its golden example, written as Avro, is sent to the customer byte for byte as the example says', () => {
    if (normalized.kind !== 'event') throw new Error(JSON.stringify(normalized));
    expect(renderBody(normalized.event).toString()).toBe(JSON.stringify(example));
  });

  test('its golden example is of that type and of one company', () => {
    expect(example).toMatchObject({ event_type: type, company_id: 'cmp_7Kd2vQ' });
  });

  test('it has an event_sequence, unless it is call.disposition, where the key is absent', () => {
    expect('event_sequence' in example).toBe(type !== 'call.disposition');
  });

  test("it carries the id that keeps the conversation's events in order", () => {
    if (normalized.kind !== 'event') throw new Error(JSON.stringify(normalized));
    expect(normalized.event.conversationId).toBe(example.data[family.conversationKey]);
  });
});
