import type { FastifyReply, FastifyRequest } from 'fastify';

/** `__Host-`: set by this very host over TLS (or on loopback) for all of it, and no subdomain can put one beside it. */
export const SESSION_COOKIE = '__Host-session';

const ATTRIBUTES = { httpOnly: true, sameSite: 'lax', secure: true, path: '/' } as const;

export function sessionSecretOf(request: FastifyRequest): string | undefined {
  const secret = request.cookies[SESSION_COOKIE];
  return secret === undefined || !/^[\w-]{43}$/.test(secret) ? undefined : secret;
}

export function setSessionCookie(reply: FastifyReply, secret: string, expires: Date): void {
  void reply.setCookie(SESSION_COOKIE, secret, { ...ATTRIBUTES, expires });
}

export function clearSessionCookie(reply: FastifyReply): void {
  void reply.clearCookie(SESSION_COOKIE, ATTRIBUTES);
}
