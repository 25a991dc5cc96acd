/**
 * The words of this system, one per concept. Code, logs, metrics and documents use these and no synonyms.
 *
 * event       what happened: one call or WhatsApp event of one company, produced by a pipeline
 * webhook     an endpoint that a company registered, with its authentication, headers and events
 * subscription the part of a webhook that matching needs: which events it wants, whether it is on
 * job         one event on its way to one webhook; the record of webhooks.dispatch
 * attempt     one POST of a job, counted from 1
 * outcome     what the endpoint did with an attempt (a value, never an exception)
 * decision    what follows from an outcome: delivered, retry, held, exhausted
 * status      what the console shows of a webhook: active, inactive, failed
 * circuit     when a Failed webhook is tried again
 * held        kept for a webhook while it is Failed; a held event that is tried then is a probe
 * recovery    looking after what is held for a webhook: probes while it is Failed, delivery once it is Active
 * failure entry  the log of one failed attempt
 * verdict     what to do with a Kafka record: done, skip, park
 * lane        the dispatch topic or the overflow topic; a retry goes back to the lane it came from
 * record      a Kafka record ("message" alone always means a WhatsApp message)
 * conversation the call or WhatsApp conversation whose events keep their order
 */

/** The six sub-events of a call, in the order in which they usually occur. */
export const CALL_EVENT_TYPES = [
  'call.initiated',
  'call.dial_begin',
  'call.answered',
  'call.end',
  'call.summary',
  'call.disposition',
] as const;

/** The eight sub-events of WhatsApp. */
export const WHATSAPP_EVENT_TYPES = [
  'message.sent',
  'message.received',
  'message.delivered',
  'message.read',
  'message.failed',
  'message.link_tracking',
  'conversation.assign',
  'conversation.close',
] as const;

/** All 14 sub-events that a webhook can select. */
export const EVENT_TYPES = [...CALL_EVENT_TYPES, ...WHATSAPP_EVENT_TYPES] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** The one sub-event without `event_sequence`: the key is absent from the JSON, not null (PRODUCT.md, "Events"). */
export const UNSEQUENCED_EVENT_TYPE: EventType = 'call.disposition';

const KNOWN: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Whether `name` is one of the 14 sub-events. */
export function isEventType(name: string): name is EventType {
  return KNOWN.has(name);
}

/** Active (green), Inactive (grey), Failed (red). */
export type Status = 'active' | 'inactive' | 'failed';

/** Which topic a job travels on; `overflow` takes the surplus of endpoints that are too slow. */
export type Lane = 'dispatch' | 'overflow';

/** Where a record was read: the evidence in dead letters and logs. */
export interface SourcePosition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka offset as a decimal string: it can exceed 2^53. */
  readonly offset: string;
}
