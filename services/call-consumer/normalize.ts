import { type EventFamily, type Normalized, normalizeEvent } from '../shared/core/contract.js';

/**
 * What calls.events may carry: the six sub-events of a call, each with its own record (schemas/call-event). The rules
 * that hold for all events are in core/contract.ts; what is particular to calls is here, and only that: which record
 * belongs to which sub-event, and that `call_id` keeps the events of one call together and in order.
 */
export const CALL_EVENTS: EventFamily = {
  name: 'call',
  branches: {
    'call.initiated': 'telephony.events.CallInitiated',
    'call.dial_begin': 'telephony.events.CallDialBegin',
    'call.answered': 'telephony.events.CallAnswered',
    'call.end': 'telephony.events.CallEnd',
    'call.summary': 'telephony.events.CallSummary',
    'call.disposition': 'telephony.events.CallDisposition',
  },
  conversationKey: 'call_id',
};

/** The event in a decoded record of calls.events, or the verdict on it. */
export function normalize(record: unknown): Normalized {
  return normalizeEvent(record, CALL_EVENTS);
}
