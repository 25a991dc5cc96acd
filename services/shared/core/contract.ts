import type { Event } from './event.js';
import type { Park, Verdict } from './verdict.js';
import { type EventType, isEventType, UNSEQUENCED_EVENT_TYPE } from './vocabulary.js';

/**
 * What a decoded pipeline record must hold to become an event, for calls and WhatsApp alike.
 *
 * PRODUCT.md: every event has event_id, event_type, company_id, occurred_at, event_sequence and data; call.disposition
 * alone has no event_sequence. "An event type that we don't know yet is not an error: it is counted and skipped; a
 * record that […] breaks the contract goes to the dead-letter topic with its reason."
 *
 * Takes any value, whatever schema it was written with, and never throws. Says which rule is broken, never with what
 * value: that would carry a customer's data into logs. It doesn't look into `data` beyond the conversation's id: the
 * schema has done that.
 */
export type Normalized = { readonly kind: 'event'; readonly event: Event } | Exclude<Verdict, { kind: 'done' }>;

/** One of the two families of events: what its topic may carry. */
export interface EventFamily {
  /** For messages to people: "call" or "WhatsApp". */
  readonly name: string;
  /** The data record of each sub-event, by its full Avro name. */
  readonly branches: Readonly<Partial<Record<EventType, string>>>;
  /** The key in `data` that names the call or conversation. */
  readonly conversationKey: 'call_id' | 'conversation_id';
}

/** Ids travel in Kafka keys, database indexes and headers; what is longer is a mistake of the producer. */
const MAX_ID_LENGTH = 256;

/** @param record the envelope, with `data` as `{ 'full name of its record': data }` (Avro's JSON form of a union) */
export function normalizeEvent(record: unknown, family: EventFamily): Normalized {
  if (!isObject(record)) return broken('the record is not an envelope');
  const eventType = record['event_type'];
  if (typeof eventType !== 'string') return broken('event_type is not a string');
  if (!isEventType(eventType)) return { kind: 'skip', reason: 'unknown-event-type' };
  const branch = family.branches[eventType];
  if (branch === undefined) return broken(`${eventType} is no ${family.name} event`);
  const data = isObject(record['data']) ? record['data'][branch] : undefined;
  if (!isObject(data)) return broken(`the data of ${eventType} is not a ${branch}`);
  return eventOf(record, eventType, data, family.conversationKey);
}

type Fields = Readonly<Record<string, unknown>>;

function eventOf(record: Fields, eventType: EventType, data: Fields, conversationKey: string): Normalized {
  const { event_id: eventId, company_id: companyId, occurred_at: occurredAt, event_sequence: sequence } = record;
  const conversationId = data[conversationKey];
  if (!isId(eventId)) return broken(`event_id ${ID_RULE}`);
  if (!isId(companyId)) return broken(`company_id ${ID_RULE}`);
  if (!isId(conversationId)) return broken(`${conversationKey} ${ID_RULE}`);
  if (typeof occurredAt !== 'string') return broken('occurred_at is not a timestamp');
  let eventSequence: number | undefined;
  if (eventType !== UNSEQUENCED_EVENT_TYPE) {
    if (!isWhole(sequence)) return broken(`event_sequence of ${eventType} is not a whole number`);
    eventSequence = sequence;
  }
  return { kind: 'event', event: { eventId, eventType, companyId, occurredAt, conversationId, data, eventSequence } };
}

const ID_RULE = `is not a string of 1 to ${MAX_ID_LENGTH} characters`;

function broken(detail: string): Park {
  return { kind: 'park', reason: 'contract-broken', detail };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
