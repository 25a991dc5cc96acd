import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normalize as normalizeCall } from '../../../services/call-consumer/normalize.js';
import { normalize as normalizeWhatsapp } from '../../../services/whatsapp-consumer/normalize.js';
import { CALL_EVENT_TYPES, WHATSAPP_EVENT_TYPES } from '../../../services/shared/core/vocabulary.js';
import { avroValueOf, exampleOf } from '../../support/event-examples.js';

const answered = avroValueOf(exampleOf('call.answered'));
const data = (fields: object) => ({ 'telephony.events.CallAnswered': fields });
const broken = (detail: string) => ({
  kind: 'park',
  reason: 'contract-broken',
  detail: expect.stringContaining(detail),
});

describe('a record that keeps the contract', () => {
  test.each(CALL_EVENT_TYPES)('%s becomes an event of its call', (type) => {
    const { event_id: eventId, data: body } = exampleOf(type);
    expect(normalizeCall(avroValueOf(exampleOf(type)))).toMatchObject({
      kind: 'event',
      event: { eventId, eventType: type, companyId: 'cmp_7Kd2vQ', conversationId: body['call_id'], data: body },
    });
  });

  test.each(WHATSAPP_EVENT_TYPES)('%s becomes an event of its conversation', (type) => {
    const { event_id: eventId, event_sequence: eventSequence, data: body } = exampleOf(type);
    expect(normalizeWhatsapp(avroValueOf(exampleOf(type)))).toMatchObject({
      kind: 'event',
      event: { eventId, eventType: type, eventSequence, conversationId: body['conversation_id'], data: body },
    });
  });

  test('call.disposition loses a sequence that the pipeline gave it: it is not sequenced', () => {
    const record = { ...avroValueOf(exampleOf('call.disposition')), event_sequence: 9 };
    expect(normalizeCall(record)).toMatchObject({ kind: 'event', event: { eventSequence: undefined } });
  });

  test('ids of 256 characters are accepted', () => {
    expect(normalizeCall({ ...answered, event_id: 'x'.repeat(256) })).toMatchObject({ kind: 'event' });
  });
});

describe('an event type that we do not know yet', () => {
  test.each(['call.transferred', 'message.edited', '', '__proto__', 'constructor'])('%p is skipped', (type) => {
    expect(normalizeCall({ event_type: type })).toEqual({ kind: 'skip', reason: 'unknown-event-type' });
  });
});

describe('a record that breaks the contract is parked', () => {
  test.each<[string, unknown, string]>([
    ['is nothing', null, 'not an envelope'],
    ['is a string', 'call.end', 'not an envelope'],
    ['has no event_type', {}, 'event_type'],
    ['has an event_type of another kind', { event_type: 7 }, 'event_type'],
    ['is of the other family', avroValueOf(exampleOf('message.sent')), 'message.sent is no call event'],
    ['has no data', { ...answered, data: null }, 'is not a telephony.events.CallAnswered'],
    ['has the data of another sub-event', { ...answered, event_type: 'call.end' }, 'is not a telephony.events.CallEnd'],
    ['has data that we do not know', { ...answered, data: { 'telephony.events.CallMoved': {} } }, 'the data of'],
    ['has an empty event_id', { ...answered, event_id: '' }, 'event_id'],
    ['has no event_id', { ...answered, event_id: undefined }, 'event_id'],
    ['has an event_id of 257 characters', { ...answered, event_id: 'x'.repeat(257) }, 'event_id'],
    ['has an empty company_id', { ...answered, company_id: '' }, 'company_id'],
    ['has an empty call_id', { ...answered, data: data({ call_id: '' }) }, 'call_id'],
    ['has no call_id', { ...answered, data: data({}) }, 'call_id'],
    ['has no occurred_at', { ...answered, occurred_at: undefined }, 'occurred_at'],
    ['has no event_sequence', { ...answered, event_sequence: null }, 'event_sequence'],
    ['has a fraction for event_sequence', { ...answered, event_sequence: 1.5 }, 'event_sequence'],
  ])('when it %s', (_, record, detail) => {
    expect(normalizeCall(record)).toEqual(broken(detail));
  });

  test('and the detail never holds what the record says', () => {
    const secret = 'canary-'.repeat(50);
    expect(JSON.stringify(normalizeCall({ ...answered, company_id: secret }))).not.toContain('canary');
  });
});

test('whatever the record is, the answer is an event or a verdict, never an error', () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...CALL_EVENT_TYPES, 'x'), (anything, type) => {
      for (const record of [
        anything,
        { event_type: type, data: anything },
        { ...answered, data: data({ call_id: anything }) },
      ]) {
        expect(['event', 'skip', 'park']).toContain(normalizeCall(record).kind);
      }
    }),
  );
});
