import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.js';

/**
 * What may come in at all, before any schema: a body of at most 20 levels, and no key anywhere, in body or query, that
 * MongoDB or JavaScript would take for more than a name (`$ne`, `a[$ne]`, `a.b`, `__proto__`). So an operator can't
 * reach a query, whatever a route does with its input. JSON itself is read by the framework, which refuses `__proto__`.
 */
const MAX_DEPTH = 20;

export function guardInput(app: FastifyInstance): void {
  app.addHook('preValidation', (request: FastifyRequest, _reply, done) => {
    try {
      for (const name of Object.keys(request.query as object)) assertName(name);
      assertTame(request.body, 0);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function assertTame(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw new ApiError('bad-request', `The body is nested deeper than ${MAX_DEPTH} levels.`);
  if (Array.isArray(value)) {
    for (const entry of value) assertTame(entry, depth + 1);
    return;
  }
  for (const [name, entry] of Object.entries(value)) {
    assertName(name);
    assertTame(entry, depth + 1);
  }
}

/** No name of ours holds any of these. */
function assertName(name: string): void {
  if (/[$.[\]\0]|^(?:__proto__|constructor|prototype)$/.test(name))
    throw new ApiError('bad-request', 'A field has a name that is not allowed here.');
}
