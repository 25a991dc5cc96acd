import Type, { type Static, type TSchema } from 'typebox';
import { EventTypeSchema } from './events.js';
import { WebhookInputSchema } from './webhook.js';

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Headers = Type.Array(Type.Object({ name: Type.String(), value: Type.String() }, { additionalProperties: false }));

/**
 * What to send, and where: a saved webhook (`webhookId`), one that is not saved yet (`webhook`), or the edit of a saved
 * one (both: secrets that `webhook` leaves out are those of `webhookId`, by the rules of an edit).
 */
export const TestEventSchema = Type.Object(
  {
    eventType: EventTypeSchema,
    webhookId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    webhook: Type.Optional(WebhookInputSchema),
  },
  { $id: 'TestEvent', additionalProperties: false },
);

/** What became of it, secrets masked. It touches no counter and no status, and leaves no failure entry. */
export const TestEventResultSchema = Type.Object(
  {
    outcome: Type.Enum(['delivered', 'failed', 'unmade']),
    cause: orNull(Type.Object({ kind: Type.String(), text: Type.String() }, { additionalProperties: false })),
    durationMs: Type.Number(),
    request: orNull(
      Type.Object(
        { method: Type.String(), url: Type.String(), headers: Headers, body: Type.String() },
        { additionalProperties: false },
      ),
    ),
    response: orNull(
      Type.Object(
        { status: Type.Integer(), headers: Headers, body: Type.String(), bodyTruncated: Type.Boolean() },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'TestEventResult', additionalProperties: false },
);

export type TestEvent = Static<typeof TestEventSchema>;
export type TestEventResult = Static<typeof TestEventResultSchema>;
