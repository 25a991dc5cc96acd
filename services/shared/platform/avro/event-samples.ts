import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_TYPES, type EventType } from '../../core/vocabulary.js';
import { projectRoot } from '../process/project-root.js';

/** A body as an endpoint receives it. */
export type EventSample = Readonly<Record<string, unknown>>;

/** The golden example of each sub-event, as schemas/examples has it: tests hold it against the schemas. */
export function readEventSamples(): Readonly<Record<EventType, EventSample>> {
  const entries = EVENT_TYPES.map((type) => {
    const text = readFileSync(join(projectRoot(), 'schemas', 'examples', `${type}.json`), 'utf8');
    return [type, JSON.parse(text) as EventSample] as const;
  });
  return Object.fromEntries(entries) as Record<EventType, EventSample>;
}
