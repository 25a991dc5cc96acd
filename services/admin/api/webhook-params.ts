import Type from 'typebox';

/** The path of everything that belongs to one webhook. */
export const WebhookParamsSchema = Type.Object(
  { webhookId: Type.String({ minLength: 1, maxLength: 256 }) },
  { additionalProperties: false },
);
