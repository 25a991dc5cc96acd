import Type from 'typebox';
import { FiguresSchema, FiguresWindowSchema, type Figures, type FiguresWindow } from '../../contract/figures.js';
import { notFound } from '../api-error.js';
import { principalOf } from '../principal.js';
import { at, type Routes } from '../route.js';
import { WebhookParamsSchema } from '../webhook-params.js';

export interface FiguresRoutePorts {
  readonly webhookExists: (companyId: string, webhookId: string) => Promise<boolean>;
  readonly figures: (companyId: string, webhookId: string, window: FiguresWindow) => Promise<Figures>;
}

/** What one webhook delivered, how often it failed and how long it took. */
export function figuresRoutes({ webhookExists, figures }: FiguresRoutePorts): Routes {
  return (api) => {
    api.route({
      ...at('figures.read'),
      schema: {
        tags: ['Webhooks'],
        summary: 'Deliveries, failures and latency over 1 h, 24 h or 7 d',
        params: WebhookParamsSchema,
        querystring: Type.Object(
          { window: Type.Optional(FiguresWindowSchema) },
          { additionalProperties: false, description: '24h when absent.' },
        ),
        response: { 200: FiguresSchema },
      },
      handler: async (request) => {
        const { companyId } = principalOf(request);
        const { webhookId } = request.params;
        const [exists, found] = await Promise.all([
          webhookExists(companyId, webhookId),
          figures(companyId, webhookId, request.query.window ?? '24h'),
        ]);
        if (!exists) throw notFound('webhook');
        return found;
      },
    });
  };
}
