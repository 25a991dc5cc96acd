import Type from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SessionSchema, SignInMethodSchema, SignInSchema, type Session, type SignIn } from '../../contract/session.js';
import { ApiError, notFound } from '../api-error.js';
import { clearSessionCookie, setSessionCookie } from '../identity/session-cookie.js';
import { principalOf, type Identity, type Principal } from '../principal.js';
import { at, type Routes } from '../route.js';

export interface SessionRoutePorts {
  readonly authentication: 'local' | 'jwt';
  /** Undefined where people sign in elsewhere. */
  readonly signIn: ((credentials: SignIn, address: string) => Promise<SignedIn>) | undefined;
  readonly signOut: (request: FastifyRequest, companyId: string) => Promise<void>;
}

export interface SignedIn {
  readonly secret: string;
  readonly expiresAt: Date;
  readonly identity: Identity;
}

/** Signing in and out, and who one is. */
export function sessionRoutes({ authentication, signIn, signOut }: SessionRoutePorts): Routes {
  return (api) => {
    api.route({
      ...at('sign-in-method.read'),
      schema: { tags: ['Session'], summary: 'How one signs in here', response: { 200: SignInMethodSchema } },
      handler: () => ({ authentication }),
    });
    api.route({
      ...at('session.create'),
      schema: {
        tags: ['Session'],
        summary: 'Sign in; sets the session cookie',
        body: SignInSchema,
        response: { 201: SessionSchema },
      },
      handler: async (request, reply) => {
        if (signIn === undefined) throw notFound('sign-in: this installation uses its identity provider');
        const { secret, expiresAt, identity } = await signIn(request.body, request.ip);
        if (identity.kind !== 'principal') throw new ApiError('unauthenticated', 'E-mail or password is wrong.');
        setSessionCookie(reply, secret, expiresAt);
        return answer(reply.code(201), identity.principal);
      },
    });
    api.route({
      ...at('session.read'),
      schema: { tags: ['Session'], summary: 'Who is signed in', response: { 200: SessionSchema } },
      handler: (request, reply) => answer(reply, principalOf(request)),
    });
    api.route({
      ...at('session.delete'),
      schema: { tags: ['Session'], summary: 'Sign out', response: { 204: Type.Null() } },
      handler: async (request, reply) => {
        await signOut(request, principalOf(request).companyId);
        clearSessionCookie(reply);
        return reply.code(204).send(null);
      },
    });
  };
}

function answer(reply: FastifyReply, principal: Principal): Session {
  void reply.header('cache-control', 'no-store');
  const { actor, email, role, companyId, companyName, via, csrfToken, expiresAt } = principal;
  return {
    user: { id: actor.id, name: actor.name, email, role },
    company: { id: companyId, name: companyName },
    via,
    csrfToken,
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}
