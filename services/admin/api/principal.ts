import type { FastifyRequest } from 'fastify';
import type { Role } from '../contract/session.js';
import type { AccessColumn } from './access.js';

/** Who asks, once that is proved. Every query is made for this company, and for no other. */
export interface Principal {
  readonly companyId: string;
  readonly companyName: string;
  readonly actor: { readonly kind: 'user' | 'token'; readonly id: string; readonly name: string };
  /** Empty where the proof holds none. */
  readonly email: string;
  readonly role: Role;
  readonly via: 'session' | 'jwt' | 'token';
  /** What a change must bring in x-csrf-token; null where no cookie authenticates. */
  readonly csrfToken: string | null;
  readonly expiresAt: Date | null;
}

/** `not-allowed`: the proof is good, but it is no Owner's or Admin's. */
export type Identity =
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'not-allowed' };

/** Finds out who asks. @throws DependencyError when it can't be found out just now */
export type Identify = (request: FastifyRequest) => Promise<Identity>;

export function columnOf({ via, role }: Principal): AccessColumn {
  return via === 'token' ? 'token' : role;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined on the routes that anyone may use. */
    principal: Principal | undefined;
  }
}

/** The principal of a route that nobody may use without signing in. @throws Error if the route is open to anyone */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === undefined) throw new Error('a route that needs a principal is open to anyone');
  return request.principal;
}
