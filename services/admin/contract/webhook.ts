import Type, { type Static, type TSchema } from 'typebox';
import { EVENT_TYPES } from '../../shared/core/vocabulary.js';
import { EventTypeSchema } from './events.js';
import { SparklineSchema } from './figures.js';

const Instant = Type.String({ format: 'date-time' });
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A secret as answers carry it. It is write-only: whether it is set, and how it ends. */
export const SecretSchema = Type.Object(
  {
    isSet: Type.Boolean(),
    last4: orNull(Type.String({ description: 'Null where four characters would tell too much of a short secret.' })),
  },
  { additionalProperties: false },
);

/**
 * What an Owner registers. A secret that is left out of an edit is kept, unless the URL's origin changed: then it must
 * be given again. In a new webhook, a password or key is required; the value of a header is empty when it is left out.
 */
export const WebhookInputSchema = Type.Object(
  {
    url: Type.String({ maxLength: 2_048, description: 'https:// only.' }),
    authentication: Type.Union([
      Type.Object({ kind: Type.Literal('none') }, { additionalProperties: false }),
      Type.Object(
        { kind: Type.Literal('basic'), username: Type.String(), password: Type.Optional(Type.String()) },
        { additionalProperties: false },
      ),
      Type.Object(
        {
          kind: Type.Literal('api-key'),
          placement: Type.Enum(['header', 'query']),
          name: Type.String(),
          value: Type.Optional(Type.String()),
        },
        { additionalProperties: false },
      ),
    ]),
    headers: Type.Array(
      Type.Object({ name: Type.String(), value: Type.Optional(Type.String()) }, { additionalProperties: false }),
      { maxItems: 10 },
    ),
    events: Type.Array(EventTypeSchema, { minItems: 1, maxItems: EVENT_TYPES.length, uniqueItems: true }),
  },
  { $id: 'WebhookInput', additionalProperties: false },
);

/** "Failed is a circuit breaker that the customer can see": what holds while the status is failed. */
export const CircuitSchema = Type.Object(
  {
    failedAt: Instant,
    probes: Type.Integer({ description: 'Probes made since it failed.' }),
    nextProbeAt: orNull(Instant),
    heldEvents: Type.Integer({ description: 'Events that wait for its recovery.' }),
  },
  { additionalProperties: false },
);

const common = {
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(EventTypeSchema),
  status: Type.Enum(['active', 'inactive', 'failed']),
  statusReason: orNull(Type.String({ description: 'A sentence, where there is something to explain.' })),
  statusChangedAt: Instant,
  circuit: orNull(CircuitSchema),
  version: Type.Integer(),
  createdAt: Instant,
  updatedAt: Instant,
};

/** A row of the list. */
export const WebhookSummarySchema = Type.Object(
  {
    ...common,
    lastDeliveryAt: orNull(Instant),
    last24h: SparklineSchema,
  },
  { $id: 'WebhookSummary', additionalProperties: false },
);

export const WebhookListSchema = Type.Object(
  { items: Type.Array(WebhookSummarySchema), limit: Type.Integer({ description: 'Most webhooks per company.' }) },
  { $id: 'WebhookList', additionalProperties: false },
);

/** A webhook in full. Its ETag is its version; a replacement names it in If-Match. */
export const WebhookSchema = Type.Object(
  {
    ...common,
    authentication: Type.Union([
      Type.Object({ kind: Type.Literal('none') }, { additionalProperties: false }),
      Type.Object(
        { kind: Type.Literal('basic'), username: Type.String(), password: SecretSchema },
        { additionalProperties: false },
      ),
      Type.Object(
        {
          kind: Type.Literal('api-key'),
          placement: Type.Enum(['header', 'query']),
          name: Type.String(),
          value: SecretSchema,
        },
        { additionalProperties: false },
      ),
    ]),
    headers: Type.Array(Type.Object({ name: Type.String(), value: SecretSchema }, { additionalProperties: false })),
  },
  { $id: 'Webhook', additionalProperties: false },
);

export const DeleteConfirmationSchema = Type.Object(
  { confirm: Type.Literal('DELETE', { description: 'The word DELETE, in capitals.' }) },
  { $id: 'DeleteConfirmation', additionalProperties: false },
);

export type Secret = Static<typeof SecretSchema>;
export type WebhookInput = Static<typeof WebhookInputSchema>;
export type Circuit = Static<typeof CircuitSchema>;
export type WebhookSummary = Static<typeof WebhookSummarySchema>;
export type WebhookList = Static<typeof WebhookListSchema>;
export type Webhook = Static<typeof WebhookSchema>;
export type DeleteConfirmation = Static<typeof DeleteConfirmationSchema>;
