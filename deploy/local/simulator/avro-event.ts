import { CALL_EVENT_TYPES, type EventType } from '../../../services/shared/core/vocabulary.js';
import type { SimulatedEvent } from './simulated-event.js';

/** The two pipelines; each writes one record to one topic. */
export type Pipeline = 'call-event' | 'whatsapp-event';

const CALL_TYPES: ReadonlySet<EventType> = new Set(CALL_EVENT_TYPES);
const NAMESPACE: Readonly<Record<Pipeline, string>> = {
  'call-event': 'telephony.events',
  'whatsapp-event': 'whatsapp.events',
};

/** Which pipeline produces events of this type. */
export function pipelineOf(eventType: EventType): Pipeline {
  return CALL_TYPES.has(eventType) ? 'call-event' : 'whatsapp-event';
}

/** The event as its schema wants it: the branch of `data` is named, `call.dial_begin` being `CallDialBegin`. */
export function toAvroRecord(event: SimulatedEvent): object {
  const words = event.eventType.split(/[._]/);
  const branch = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return {
    event_id: event.eventId,
    event_type: event.eventType,
    company_id: event.companyId,
    occurred_at: event.occurredAt,
    event_sequence: event.eventSequence,
    data: { [`${NAMESPACE[pipelineOf(event.eventType)]}.${branch}`]: event.data },
  };
}
