import type { FastifyRequest } from 'fastify';

/** What `authorization: Bearer …` holds; undefined without such a header. */
export function bearerOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const match = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '');
  return match?.[1];
}
