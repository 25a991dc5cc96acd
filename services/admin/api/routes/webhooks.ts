import Type from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  DeleteConfirmationSchema,
  WebhookInputSchema,
  WebhookListSchema,
  WebhookSchema,
  type Webhook,
} from '../../contract/webhook.js';
import { etagOf, idempotencyKeyOf } from '../preconditions.js';
import { principalOf } from '../principal.js';
import { at, type Api, type Routes } from '../route.js';
import { WebhookParamsSchema } from '../webhook-params.js';
import type { Caller, WebhookService } from '../webhook-service.js';

const IfMatch = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'ETag of the version that the change was made from, or *.' })),
});
const IdempotencyKey = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'Makes repeating the creation safe, for a day.' })),
});

/**
 * The body's schema is for the documentation: the body itself is read by webhook-input.ts, which finds all that is
 * wrong at once, by the schema's rules and by those that no schema can tell.
 */
const readByHand = { validatorCompiler: () => () => true } as const;

/** The webhooks of the company. Answers with one webhook have its version as their ETag. */
export function webhookRoutes(service: WebhookService): Routes {
  return (api) => {
    readingRoutes(api, service);
    writingRoutes(api, service);
    switchingRoutes(api, service);
  };
}

function readingRoutes(api: Api, service: WebhookService): void {
  api.route({
    ...at('webhooks.list'),
    schema: { tags: ['Webhooks'], summary: 'All webhooks of the company', response: { 200: WebhookListSchema } },
    handler: (request) => service.list(principalOf(request).companyId),
  });
  api.route({
    ...at('webhooks.read'),
    schema: {
      tags: ['Webhooks'],
      summary: 'One webhook in full',
      params: WebhookParamsSchema,
      response: { 200: WebhookSchema },
    },
    handler: async (request, reply) =>
      answer(reply, await service.read(principalOf(request).companyId, request.params.webhookId)),
  });
}

function writingRoutes(api: Api, service: WebhookService): void {
  api.route({
    ...at('webhooks.create'),
    ...readByHand,
    schema: {
      tags: ['Webhooks'],
      summary: 'Register a webhook',
      headers: IdempotencyKey,
      body: WebhookInputSchema,
      response: { 201: WebhookSchema },
    },
    handler: async (request, reply) => {
      const key = idempotencyKeyOf(request.headers['idempotency-key']);
      const webhook = await service.create(callerOf(request), request.body, key);
      return answer(reply.code(201).header('location', `/api/v1/webhooks/${webhook.id}`), webhook);
    },
  });
  api.route({
    ...at('webhooks.replace'),
    ...readByHand,
    schema: {
      tags: ['Webhooks'],
      summary: 'Replace what was registered',
      params: WebhookParamsSchema,
      headers: IfMatch,
      body: WebhookInputSchema,
      response: { 200: WebhookSchema },
    },
    handler: async (request, reply) => {
      const { webhookId } = request.params;
      return answer(reply, await service.replace(callerOf(request), webhookId, request.body, ifMatchOf(request)));
    },
  });
  api.route({
    ...at('webhooks.delete'),
    schema: {
      tags: ['Webhooks'],
      summary: 'Delete a webhook for ever',
      params: WebhookParamsSchema,
      headers: IfMatch,
      body: DeleteConfirmationSchema,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      await service.delete(callerOf(request), request.params.webhookId, ifMatchOf(request));
      return reply.code(204).send(null);
    },
  });
}

const SWITCHES = [
  ['webhooks.enable', 'active', 'Enable a webhook; a Failed one is tried again at once'],
  ['webhooks.disable', 'inactive', 'Disable a webhook; what is held for it is discarded'],
] as const;

function switchingRoutes(api: Api, service: WebhookService): void {
  for (const [name, status, summary] of SWITCHES)
    api.route({
      ...at(name),
      schema: {
        tags: ['Webhooks'],
        summary,
        params: WebhookParamsSchema,
        headers: IfMatch,
        response: { 200: WebhookSchema },
      },
      handler: async (request, reply) => {
        const { webhookId } = request.params;
        return answer(reply, await service.setStatus(callerOf(request), webhookId, status, ifMatchOf(request)));
      },
    });
}

function callerOf(request: FastifyRequest): Caller {
  return { principal: principalOf(request), requestId: request.id };
}

function ifMatchOf({ headers }: { readonly headers: FastifyRequest['headers'] }): string | undefined {
  return headers['if-match'];
}

function answer(reply: FastifyReply, webhook: Webhook): Webhook {
  void reply.header('etag', etagOf(webhook.version)).header('cache-control', 'no-store');
  return webhook;
}
