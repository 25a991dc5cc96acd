import cookie from '@fastify/cookie';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import addFormats from 'ajv-formats';
import { Ajv } from 'ajv';
import Fastify, { type FastifyInstance } from 'fastify';
import helmet from 'helmet';
import { randomUUID } from 'node:crypto';
import { ACCESS, type RouteName } from './access.js';
import { serveConsole } from './console-files.js';
import { documentRoutes } from './documentation.js';
import { answerErrors, answerUnreadable, type ErrorLog } from './error-answers.js';
import { guardRoutes } from './guard.js';
import { guardInput } from './json-body.js';
import type { Identify } from './principal.js';
import { limitRates, type RateLimits } from './rate-limits.js';
import type { Routes } from './route.js';

/**
 * The HTTP server of the API: what holds for every route stands here, once. Who asks and whether they may is guard.ts,
 * errors are error-answers.ts, and the routes come from outside with what they need.
 */
export interface ApiOptions {
  readonly log: ErrorLog & { readonly info: (event: string, fields: Readonly<Record<string, unknown>>) => void };
  readonly version: string;
  readonly identify: Identify;
  readonly routes: readonly Routes[];
  readonly rates: RateLimits;
  /** Networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Folder of the built console; undefined for an API alone. */
  readonly consoleFolder?: string;
}

const BODY_BYTES = 100 * 1024;
/** Slow clients are cut off: a request has to be here in this time. */
const REQUEST_TIMEOUT_MS = 15_000;

/** Ready to listen. @throws Error when the routes and the matrix don't agree */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    return503OnClosing: true,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    genReqId: () => `req_${randomUUID()}`,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (_error, request, reply) => void answerUnreadable(request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.removeContentTypeParser('text/plain');
  compileSchemas(app);
  answerErrors(app, options.log);
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  const secure = helmet(HEADERS);
  app.addHook('onRequest', (request, reply, done) => secure(request.raw, reply.raw, done as (error?: unknown) => void));
  await app.register(cookie);
  await limitRates(app, options.rates);
  guardRoutes(app, options.identify);
  guardInput(app);
  logRequests(app, options.log);
  app.addHook('onRoute', ({ config, path }) => {
    if ((config as { readonly route?: RouteName } | undefined)?.route === undefined && path.startsWith('/api/v1'))
      throw new Error(`${path} is not in the matrix of who may use it`);
  });
  await documentRoutes(app, options.version);
  for (const routes of options.routes) routes(app);
  if (options.consoleFolder !== undefined) await serveConsole(app, options.consoleFolder);
  await app.ready();
  return app;
}

const IDLE_CHECK_MS = 50;

/**
 * Answers what is under way and takes nothing new. The framework lets go of the connections that are idle when it is
 * asked to close; one that becomes idle later would be waited for until its client lets go.
 */
export async function closeApi(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
  }
}

/** @throws Error when a row of the matrix has no route */
export function assertComplete(app: FastifyInstance): void {
  const missing = Object.values(ACCESS).filter(({ method, path }) => !app.hasRoute({ method, url: path }));
  if (missing.length > 0)
    throw new Error(
      `in the matrix but not served: ${missing.map(({ method, path }) => `${method} ${path}`).join(', ')}`,
    );
}

/** Nothing inline and nothing from elsewhere; nobody frames us. */
const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  crossOriginEmbedderPolicy: false,
  referrerPolicy: { policy: 'no-referrer' },
} as const;

/** Types are not coerced in bodies: `"1"` is not 1. All faults are found, not only the first. */
function compileSchemas(app: FastifyInstance): void {
  const common = { allErrors: true, removeAdditional: false, useDefaults: false, strict: false } as const;
  const exact = new Ajv({ ...common, coerceTypes: false });
  const fromText = new Ajv({ ...common, coerceTypes: true });
  for (const ajv of [exact, fromText]) addFormats.default(ajv);
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? exact : fromText).compile(schema as object),
  );
}

/** One line per request: who, what, how it ended, how long it took. No address with its query, no body. */
function logRequests(app: FastifyInstance, log: ApiOptions['log']): void {
  app.addHook('onResponse', async (request, reply) => {
    const { principal, method, id } = request;
    log.info('request.answered', {
      requestId: id,
      method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      companyId: principal?.companyId,
      actorId: principal?.actor.id,
      via: principal?.via,
    });
  });
}
