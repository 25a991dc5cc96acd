import { EVENT_CATALOGUE } from '../../../shared/core/event-catalogue.js';
import type { EventType } from '../../../shared/core/vocabulary.js';
import { EventCatalogueSchema, type EventCatalogue } from '../../contract/events.js';
import { at, type Routes } from '../route.js';

export interface EventPorts {
  /** A body as an endpoint receives it. */
  readonly sampleOf: (type: EventType) => unknown;
}

/** The event catalogue: the 14 sub-events in their groups, each with a sample. */
export function eventRoutes({ sampleOf }: EventPorts): Routes {
  const catalogue: EventCatalogue = {
    groups: EVENT_CATALOGUE.map(({ group, label, events }) => ({
      group,
      label,
      events: events.map((event) => ({ ...event, sample: sampleOf(event.type) })),
    })),
  };
  return (api) => {
    api.route({
      ...at('events.list'),
      schema: { tags: ['Events'], summary: 'The event catalogue', response: { 200: EventCatalogueSchema } },
      handler: () => catalogue,
    });
  };
}
