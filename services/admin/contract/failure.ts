import Type, { type Static, type TSchema } from 'typebox';
import { EventTypeSchema } from './events.js';

const Instant = Type.String({ format: 'date-time' });
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Headers = Type.Array(Type.Object({ name: Type.String(), value: Type.String() }, { additionalProperties: false }));

export const StatusClassSchema = Type.Enum(['1xx', '2xx', '3xx', '4xx', '5xx', 'none'], {
  description: 'First digit of the response status; none where no response came.',
});

export const FollowUpSchema = Type.Object(
  {
    kind: Type.Enum(['retry', 'exhausted', 'held', 'dropped']),
    at: Type.Optional(Type.String({ format: 'date-time', description: 'When the retry is due.' })),
  },
  { additionalProperties: false },
);

const summary = {
  id: Type.String({ description: 'The attempt.' }),
  deliveryId: Type.String({ description: 'The webhook-id header: one per event and webhook.' }),
  eventId: Type.String(),
  eventType: EventTypeSchema,
  attempt: Type.Integer({ minimum: 1 }),
  at: Instant,
  durationMs: Type.Number(),
  status: orNull(Type.Integer({ description: 'HTTP status; null where no response came.' })),
  statusClass: StatusClassSchema,
  cause: Type.Object({ kind: Type.String(), text: Type.String() }, { additionalProperties: false }),
  followUp: FollowUpSchema,
};

export const FailureSummarySchema = Type.Object(summary, { $id: 'FailureSummary', additionalProperties: false });

/** Newest first. The cursor stays right while entries are added. */
export const FailurePageSchema = Type.Object(
  {
    items: Type.Array(FailureSummarySchema),
    nextCursor: orNull(Type.String({ description: 'For the next, older page; null on the last one.' })),
  },
  { $id: 'FailurePage', additionalProperties: false },
);

/** The filters of the list and of the export. `from` is included, `to` is not. */
export const FailureFilterSchema = Type.Object(
  {
    from: Type.Optional(Instant),
    to: Type.Optional(Instant),
    eventType: Type.Optional(EventTypeSchema),
    statusClass: Type.Optional(StatusClassSchema),
    eventId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  { additionalProperties: false },
);

export const FailurePageQuerySchema = Type.Object(
  {
    ...FailureFilterSchema.properties,
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: '50 when absent.' })),
  },
  { additionalProperties: false },
);

export const FailureExportQuerySchema = Type.Object(
  { ...FailureFilterSchema.properties, format: Type.Enum(['ndjson', 'csv']) },
  { additionalProperties: false },
);

/** One failed attempt in full, secrets masked, and the failed attempts of the same event at the same webhook. */
export const FailureDetailSchema = Type.Object(
  {
    ...summary,
    conversationId: Type.String(),
    request: Type.Object(
      { method: Type.String(), url: Type.String(), headers: Headers, body: Type.String() },
      { additionalProperties: false },
    ),
    response: orNull(
      Type.Object(
        { status: Type.Integer(), headers: Headers, body: Type.String(), bodyTruncated: Type.Boolean() },
        { additionalProperties: false },
      ),
    ),
    timeline: Type.Array(FailureSummarySchema, { description: 'Oldest first, this one included.' }),
  },
  { $id: 'FailureDetail', additionalProperties: false },
);

export type StatusClass = Static<typeof StatusClassSchema>;
export type FailureSummary = Static<typeof FailureSummarySchema>;
export type FailurePage = Static<typeof FailurePageSchema>;
export type FailureFilter = Static<typeof FailureFilterSchema>;
export type FailurePageQuery = Static<typeof FailurePageQuerySchema>;
export type FailureExportQuery = Static<typeof FailureExportQuerySchema>;
export type FailureDetail = Static<typeof FailureDetailSchema>;
