import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DependencyError } from '../../shared/core/errors.js';
import { ApiError, problemType } from './api-error.js';
import type { Problem } from '../contract/problem.js';
import { faultsOfValidation } from './field-faults.js';

/**
 * Answers every error as `application/problem+json`: the one table from what was thrown to what a caller sees.
 *
 *   ApiError                      → its status and sentence
 *   a schema that isn't met       → 422 for a body, with all its fields; 400 for a query or path
 *   what the framework refuses    → its 4xx, in our words (too large, not JSON, …)
 *   DependencyError               → 503, worth trying again; logged
 *   anything else                 → 500 without a word about its inside; logged with its stack
 */
export interface ErrorLog {
  readonly warn: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly error: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

const PROBLEM = 'application/problem+json';
const RETRY_AFTER_SECONDS = 2;

export function answerErrors(app: FastifyInstance, log: ErrorLog): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    const known = asApiError(error);
    if (known !== undefined) return refuse(reply, known, request);
    if (error instanceof DependencyError) {
      log.warn('request.dependency-away', { requestId: request.id, dependency: error.dependency, err: error });
      return away(reply, request);
    }
    log.error('request.failed', { requestId: request.id, route: request.routeOptions.url, err: error });
    return broken(reply, request);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, new ApiError('not-found', 'There is nothing at this address.'), request),
  );
}

/** What is refused before any route is found, such as an address with a broken escape. */
export function answerUnreadable(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuse(reply, new ApiError('bad-request', 'The address of the request is malformed.'), request);
}

function refuse(reply: FastifyReply, error: ApiError, request: FastifyRequest): FastifyReply {
  if (error.kind === 'unauthenticated') void reply.header('www-authenticate', 'Bearer');
  if (error.retryAfter !== undefined) void reply.header('retry-after', String(error.retryAfter));
  return send(reply, error.problem(request.id));
}

function away(reply: FastifyReply, request: FastifyRequest): FastifyReply {
  void reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  return send(reply, {
    type: problemType('unavailable'),
    title: 'Unavailable just now',
    status: 503,
    detail: 'A server that we depend on does not answer. Nothing was lost: try again in a moment.',
    requestId: request.id,
  });
}

function broken(reply: FastifyReply, request: FastifyRequest): FastifyReply {
  return send(reply, {
    type: problemType('internal'),
    title: 'Internal error',
    status: 500,
    detail: 'Something went wrong on our side. Tell us the request id, and we find out what.',
    requestId: request.id,
  });
}

/** Rendered here, not by a route's serializer: a problem has the same shape everywhere. */
function send(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(PROBLEM)
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problem);
}

function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (!isFrameworkError(error)) return undefined;
  if (error.validation !== undefined) {
    const faults = faultsOfValidation(error.validation);
    return error.validationContext === 'body'
      ? new ApiError('invalid-input', 'Some fields are wrong.', { faults })
      : new ApiError('bad-request', faults.map(({ message }) => message).join(' '), { faults });
  }
  return FRAMEWORK_ERRORS[error.statusCode ?? 500]?.();
}

/** By status: the framework has many codes and few things to tell. */
const FRAMEWORK_ERRORS: Readonly<Record<number, () => ApiError>> = {
  400: () =>
    new ApiError(
      'bad-request',
      'The request could not be read: its body is not valid JSON, or its address is malformed.',
    ),
  404: () => new ApiError('not-found', 'There is nothing at this address.'),
  413: () => new ApiError('too-large', 'The body is larger than 100 KB.'),
  415: () => new ApiError('unsupported-media-type', 'Send JSON, with content-type: application/json.'),
};

function isFrameworkError(error: unknown): error is FastifyError {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
}
