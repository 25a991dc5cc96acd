import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.js';
import { routeOf } from './guard.js';

/**
 * Bounds on requests, per minute and process. An address is counted before anything is looked up, so that guessing
 * tokens costs the guesser and not MongoDB; then the user or token that it proved to be. Sign-ins and test events have
 * bounds of their own.
 */
export interface RateLimits {
  readonly requestsPerMinute: number;
}

const ADDRESS_FACTOR = 5;
/** Addresses and users remembered; beyond that the one that was quiet for longest is forgotten. */
const REMEMBERED = 50_000;

export async function limitRates(app: FastifyInstance, { requestsPerMinute }: RateLimits): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    cache: REMEMBERED,
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
  });
  const perAddress = app.createRateLimit({
    max: requestsPerMinute * ADDRESS_FACTOR,
    timeWindow: 60_000,
    keyGenerator: ({ ip }) => `address ${ip}`,
  });
  const perActor = app.createRateLimit({
    max: requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ principal }) => `${principal?.actor.kind} ${principal?.companyId} ${principal?.actor.id}`,
  });
  app.addHook('onRequest', async (request) => {
    const spent = await perAddress(request);
    if (!spent.isAllowed && spent.isExceeded) throw tooMany(spent.ttl);
  });
  app.addHook('preValidation', async (request) => {
    if (request.principal === undefined || routeOf(request) === undefined) return;
    const spent = await perActor(request);
    if (!spent.isAllowed && spent.isExceeded) throw tooMany(spent.ttl);
  });
}

/** `ttlMs` is what is left of the window. */
export function tooMany(ttlMs: number): ApiError {
  const retryAfter = Math.max(1, Math.ceil(ttlMs / 1_000));
  return new ApiError('too-many-requests', `Too many requests: try again in ${retryAfter} s.`, { retryAfter });
}
