import { sessionHash } from '../../../shared/platform/mongo/sessions.js';
import type { Identify, Identity } from '../principal.js';
import { isApiToken } from './api-token.js';
import { bearerOf } from './bearer.js';
import { sessionSecretOf } from './session-cookie.js';

/**
 * Who asks, by what the request brings. Exactly one proof counts:
 *
 *   authorization: Bearer whk_…   an API token of a company, always
 *   authorization: Bearer …       a JWT of the identity provider, where admin.authentication is jwt
 *   cookie __Host-session         a session, where it is local, and only without an authorization header
 *
 * A bearer that is wrong is nobody, even beside a good cookie: no request means two people.
 */
export interface Proofs {
  readonly ofToken: (token: string) => Promise<Identity>;
  /** Undefined where there are no sessions. */
  readonly ofSession: ((hash: string) => Promise<Identity>) | undefined;
  /** Undefined where there is no identity provider. */
  readonly ofJwt: ((jwt: string) => Promise<Identity>) | undefined;
}

const NOBODY: Identity = { kind: 'nobody' };

export function createIdentify({ ofToken, ofSession, ofJwt }: Proofs): Identify {
  return async (request) => {
    if (request.headers.authorization !== undefined) {
      const bearer = bearerOf(request);
      if (bearer === undefined) return NOBODY;
      if (isApiToken(bearer)) return ofToken(bearer);
      return ofJwt === undefined ? NOBODY : ofJwt(bearer);
    }
    const secret = ofSession === undefined ? undefined : sessionSecretOf(request);
    return secret === undefined || ofSession === undefined ? NOBODY : ofSession(sessionHash(secret));
  };
}
