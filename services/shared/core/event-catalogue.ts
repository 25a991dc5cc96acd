import { CALL_EVENT_TYPES, WHATSAPP_EVENT_TYPES, type EventType } from './vocabulary.js';

/**
 * The 14 sub-events in words: what the console's form, the API and its documentation show, from the one list that
 * matching uses too. The order is that of the form: "Call events" (6), then "WhatsApp events" (8); the descriptions are
 * those of PRODUCT.md, "Events".
 */
export interface EventGroup {
  readonly group: 'call' | 'whatsapp';
  readonly label: string;
  readonly events: readonly EventDescription[];
}

export interface EventDescription {
  readonly type: EventType;
  readonly label: string;
  /** When it fires. */
  readonly description: string;
}

const WORDS: Readonly<Record<EventType, readonly [label: string, description: string]>> = {
  'call.initiated': ['Call initiated', 'The call reaches the platform and a channel is created.'],
  'call.dial_begin': ['Dialling begins', 'Dialling of any leg, agent or customer, starts.'],
  'call.answered': ['Call answered', 'Any leg answers.'],
  'call.end': ['Call ended', "The call ends; carries the data of all legs and the call's metadata."],
  'call.summary': [
    'Call summary',
    'The enriched final summary: adds the agents (name, email, extension) and the department.',
  ],
  'call.disposition': ['Disposition submitted', 'An agent submitted a disposition tag. Not sequenced.'],
  'message.sent': ['Message sent', 'A text or template message is sent.'],
  'message.received': ['Message received', "The customer sends a message to the company's number."],
  'message.delivered': ['Message delivered', "The message reached the customer's device."],
  'message.read': ['Message read', 'The customer read the message.'],
  'message.failed': ['Message failed', 'Sending failed: invalid number, block or network.'],
  'message.link_tracking': ['Link clicked', 'The customer clicked a tracked URL inside a template.'],
  'conversation.assign': ['Conversation assigned', 'A conversation is assigned to an agent.'],
  'conversation.close': ['Conversation closed', 'A conversation is closed.'],
};

export const EVENT_CATALOGUE: readonly EventGroup[] = [
  { group: 'call', label: 'Call events', events: CALL_EVENT_TYPES.map(describe) },
  { group: 'whatsapp', label: 'WhatsApp events', events: WHATSAPP_EVENT_TYPES.map(describe) },
];

function describe(type: EventType): EventDescription {
  const [label, description] = WORDS[type];
  return { type, label, description };
}
