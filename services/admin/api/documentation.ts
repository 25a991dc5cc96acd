import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

const ABOUT = `Owners and Admins of a company manage its webhooks here; API tokens do so for programs.

Every refusal is \`application/problem+json\`; wrong fields come all at once, each with a JSON pointer. A change of a
webhook names the version it was made from in \`If-Match\`; a creation can be repeated safely under one
\`Idempotency-Key\`. Secrets are write-only: answers tell whether one is set, and its last four characters.`;

/** OpenAPI 3.1, generated from the routes' own schemas, at /api/openapi.json and, to read and try, at /api/docs. */
export async function documentRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Webhook v2', version, description: ABOUT },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: '__Host-session' },
          bearer: { type: 'http', scheme: 'bearer', description: 'An API token, or a token of the identity provider.' },
        },
      },
      security: [{ session: [] }, { bearer: [] }],
    },
  });
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true });
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
