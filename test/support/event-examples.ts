import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CALL_EVENTS } from '../../services/call-consumer/normalize.js';
import type { EventFamily } from '../../services/shared/core/contract.js';
import { EVENT_TYPES, type EventType } from '../../services/shared/core/vocabulary.js';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { WHATSAPP_EVENTS } from '../../services/whatsapp-consumer/normalize.js';

/** An event as the customer receives it. */
export interface EventExample {
  readonly event_id: string;
  readonly event_type: EventType;
  readonly company_id: string;
  readonly occurred_at: string;
  readonly event_sequence?: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The golden example of a sub-event. */
export function exampleOf(type: EventType): EventExample {
  return JSON.parse(readFileSync(join(projectRoot(), 'schemas', 'examples', `${type}.json`), 'utf8')) as EventExample;
}

/** The schema and the family that a sub-event belongs to. */
export function familyOf(type: EventType): { record: 'call-event' | 'whatsapp-event'; family: EventFamily } {
  return type in CALL_EVENTS.branches
    ? { record: 'call-event', family: CALL_EVENTS }
    : { record: 'whatsapp-event', family: WHATSAPP_EVENTS };
}

/** The value that a pipeline's encoder takes: `data` under the full name of its record. */
export function avroValueOf(example: EventExample): Record<string, unknown> {
  const branch = familyOf(example.event_type).family.branches[example.event_type];
  return { ...example, data: { [branch as string]: example.data } };
}

export const ALL_EVENT_TYPES: readonly EventType[] = EVENT_TYPES;
