import { type EventFamily, type Normalized, normalizeEvent } from '../shared/core/contract.js';

/**
 * What whatsapp.events may carry: the eight WhatsApp sub-events, each with its own record (schemas/whatsapp-event). The
 * rules that hold for all events are in core/contract.ts; here is which record belongs to which sub-event, and that
 * `conversation_id` keeps the events of one conversation together and in order.
 */
export const WHATSAPP_EVENTS: EventFamily = {
  name: 'WhatsApp',
  branches: {
    'message.sent': 'whatsapp.events.MessageSent',
    'message.received': 'whatsapp.events.MessageReceived',
    'message.delivered': 'whatsapp.events.MessageDelivered',
    'message.read': 'whatsapp.events.MessageRead',
    'message.failed': 'whatsapp.events.MessageFailed',
    'message.link_tracking': 'whatsapp.events.MessageLinkTracking',
    'conversation.assign': 'whatsapp.events.ConversationAssign',
    'conversation.close': 'whatsapp.events.ConversationClose',
  },
  conversationKey: 'conversation_id',
};

/** The event in a decoded record of whatsapp.events, or the verdict on it. */
export function normalize(record: unknown): Normalized {
  return normalizeEvent(record, WHATSAPP_EVENTS);
}
