import Type, { type Static, type TSchema } from 'typebox';

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** What people and programs do that is written down. */
export const AuditActionSchema = Type.Enum([
  'webhook.created',
  'webhook.replaced',
  'webhook.enabled',
  'webhook.disabled',
  'webhook.deleted',
  'webhook.tested',
  'token.created',
  'token.revoked',
]);

/** Who did what, when, and what it changed: `before` and `after` hold what changed, secrets masked. */
export const AuditEntrySchema = Type.Object(
  {
    id: Type.String(),
    at: Type.String({ format: 'date-time' }),
    actor: Type.Object(
      { kind: Type.Enum(['user', 'token']), id: Type.String(), name: Type.String() },
      { additionalProperties: false },
    ),
    action: AuditActionSchema,
    webhookId: orNull(Type.String()),
    before: orNull(Type.Record(Type.String(), Type.Unknown())),
    after: orNull(Type.Record(Type.String(), Type.Unknown())),
    requestId: Type.String(),
  },
  { $id: 'AuditEntry', additionalProperties: false },
);

export const AuditPageSchema = Type.Object(
  { items: Type.Array(AuditEntrySchema), nextCursor: orNull(Type.String()) },
  { $id: 'AuditPage', additionalProperties: false },
);

export const AuditPageQuerySchema = Type.Object(
  {
    webhookId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: '50 when absent.' })),
  },
  { additionalProperties: false },
);

export type AuditAction = Static<typeof AuditActionSchema>;
export type AuditEntry = Static<typeof AuditEntrySchema>;
export type AuditPage = Static<typeof AuditPageSchema>;
export type AuditPageQuery = Static<typeof AuditPageQuerySchema>;
