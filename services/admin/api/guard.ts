import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ACCESS, mayUse, type RouteName } from './access.js';
import { ApiError } from './api-error.js';
import { columnOf, type Identify, type Principal } from './principal.js';

/**
 * Stands before every route: who asks, may they, and did their own page send it.
 *
 * Order: the matrix (access.ts) decides with the identity; then, for changes that a session cookie authenticates, two
 * proofs against forged requests: the Origin is this very host, and the session's token comes in a header. A bearer
 * token needs neither, because no browser adds it by itself. Nothing of the body has been read by then.
 */
export function guardRoutes(app: FastifyInstance, identify: Identify): void {
  app.decorateRequest('principal', undefined);
  app.addHook('onRequest', async (request) => {
    const route = routeOf(request);
    if (route === undefined) return;
    if (ACCESS[route].anyone === 'yes') return assertOwnOrigin(request);
    const identity = await identify(request);
    if (identity.kind === 'nobody') throw new ApiError('unauthenticated', 'Sign in, or send an API token.');
    if (identity.kind === 'not-allowed' || !mayUse(route, columnOf(identity.principal)))
      throw new ApiError('not-allowed', 'Your role doesn’t allow this.');
    if (identity.principal.csrfToken !== null) assertNotForged(request, identity.principal);
    request.principal = identity.principal;
  });
}

/** Undefined for what isn't a route of the API: the documentation, the console, an unknown address. */
export function routeOf(request: FastifyRequest): RouteName | undefined {
  return (request.routeOptions.config as { readonly route?: RouteName }).route;
}

const HARMLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function assertNotForged(request: FastifyRequest, { csrfToken }: Principal): void {
  if (HARMLESS.has(request.method)) return;
  assertOwnOrigin(request);
  const given = request.headers['x-csrf-token'];
  if (typeof given !== 'string' || !isSame(given, csrfToken ?? ''))
    throw new ApiError('not-allowed', 'The x-csrf-token of this session is missing or wrong.');
}

/** A browser sends Origin with every change and no page can alter it; programs send none. */
function assertOwnOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (HARMLESS.has(request.method) || origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== request.host)
    throw new ApiError('not-allowed', 'The request comes from another site.');
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
