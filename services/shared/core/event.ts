import type { EventType } from './vocabulary.js';

/**
 * One call or WhatsApp event as the rest of the system sees it, whatever schema version it was written with.
 *
 * `data` is what the receiver gets, already in JSON form: timestamps as ISO-8601 strings, snake_case keys.
 * `conversationId` is the call id or the WhatsApp conversation id: events that share it keep their order.
 */
export interface Event {
  /** The receiver's idempotency key. */
  readonly eventId: string;
  readonly eventType: EventType;
  readonly companyId: string;
  /** ISO-8601, UTC, milliseconds. */
  readonly occurredAt: string;
  /** Orders the events of one conversation; undefined for call.disposition alone. */
  readonly eventSequence: number | undefined;
  readonly conversationId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Renders the JSON body that every webhook of the company receives, byte for byte the same.
 * `event_sequence` is absent, not null, where the event has none (PRODUCT.md, "Events").
 */
export function renderBody(event: Event): Buffer {
  return Buffer.from(
    JSON.stringify({
      event_id: event.eventId,
      event_type: event.eventType,
      company_id: event.companyId,
      occurred_at: event.occurredAt,
      event_sequence: event.eventSequence,
      data: event.data,
    }),
  );
}
