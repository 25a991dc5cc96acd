import type { EventType } from '../../../services/shared/core/vocabulary.js';
import type * as calls from './call-records.js';
import type * as whatsapp from './whatsapp-records.js';

/** What each sub-event carries. */
export interface DataOf {
  'call.initiated': calls.CallInitiated;
  'call.dial_begin': calls.CallDialBegin;
  'call.answered': calls.CallAnswered;
  'call.end': calls.CallEnd;
  'call.summary': calls.CallSummary;
  'call.disposition': calls.CallDisposition;
  'message.sent': whatsapp.MessageSent;
  'message.received': whatsapp.MessageReceived;
  'message.delivered': whatsapp.MessageDelivered;
  'message.read': whatsapp.MessageRead;
  'message.failed': whatsapp.MessageFailed;
  'message.link_tracking': whatsapp.MessageLinkTracking;
  'conversation.assign': whatsapp.ConversationAssign;
  'conversation.close': whatsapp.ConversationClose;
}

/** One moment of a life-cycle: what happens when, before it has an id and a place in its conversation. */
export type Moment = {
  readonly [Type in EventType]: { readonly type: Type; readonly at: number; readonly data: DataOf[Type] };
}[EventType];

/** A whole call or WhatsApp conversation, its moments in order of time (`at`: epoch ms). */
export interface LifeCycle {
  readonly companyId: string;
  readonly conversationId: string;
  readonly moments: readonly Moment[];
}

/** An event as a pipeline produces it; `occurredAt` in ISO-8601. */
export interface SimulatedEvent {
  readonly eventId: string;
  readonly eventType: EventType;
  readonly companyId: string;
  /** Key of the Kafka record. */
  readonly conversationId: string;
  readonly occurredAt: string;
  /** From 1, without gaps, in each conversation; null for call.disposition alone. */
  readonly eventSequence: number | null;
  readonly data: DataOf[EventType];
}

/** ISO-8601 in UTC with milliseconds, as all instants of events are written. */
export function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
