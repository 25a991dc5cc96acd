import Type, { type Static } from 'typebox';
import { EVENT_TYPES } from '../../shared/core/vocabulary.js';

export const EventTypeSchema = Type.Enum([...EVENT_TYPES], { description: 'One of the 14 sub-events.' });

/** The catalogue of what a webhook can select, in the order in which a form shows it. */
export const EventCatalogueSchema = Type.Object(
  {
    groups: Type.Array(
      Type.Object(
        {
          group: Type.Enum(['call', 'whatsapp']),
          label: Type.String(),
          events: Type.Array(
            Type.Object(
              {
                type: EventTypeSchema,
                label: Type.String(),
                description: Type.String({ description: 'When it fires.' }),
                sample: Type.Unknown({ description: 'A body as an endpoint receives it.' }),
              },
              { additionalProperties: false },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'EventCatalogue', additionalProperties: false },
);

export type EventCatalogue = Static<typeof EventCatalogueSchema>;
