import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { DependencyError } from '../../../shared/core/errors.js';
import type { Role } from '../../contract/session.js';
import type { Identity } from '../principal.js';

/**
 * Who a JWT of the host platform's identity provider is. Signature, issuer, audience and lifetime must be right; claims
 * then name company, user and role. The company needs no document here.
 *
 * Only asymmetric algorithms: `none` and the HMACs, with which a public key could be taken for a secret, are refused by
 * name. Keys are fetched with a time-out and kept for 10 min; an unknown kid fetches them anew, every 30 s at most.
 */
export interface JwtSettings {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  readonly companyClaim: string;
  readonly roleClaim: string;
  readonly userClaim: string;
  readonly ownerRole: string;
  readonly adminRole: string;
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 5;
const KEYS = { timeoutDuration: 3_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };
const MAX_ID_LENGTH = 256;
const NOBODY: Identity = { kind: 'nobody' };

/** Faults of the token itself; every other failure is the identity provider's. */
const FAULTS_OF_TOKEN = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
] as const;

export function createJwtIdentity(settings: JwtSettings): (jwt: string) => Promise<Identity> {
  const keys = createRemoteJWKSet(new URL(settings.jwksUrl), KEYS);
  const { issuer, audience } = settings;
  return async (jwt) => {
    try {
      const { payload } = await jwtVerify(jwt, keys, {
        ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_SECONDS },
        requiredClaims: ['exp'],
      });
      return identityOf(payload, settings);
    } catch (error) {
      if (FAULTS_OF_TOKEN.some((kind) => error instanceof kind)) return NOBODY;
      throw new DependencyError('identity-provider', 'its keys could not be fetched', { cause: error });
    }
  };
}

function identityOf(payload: JWTPayload, settings: JwtSettings): Identity {
  const companyId = idAt(payload, settings.companyClaim);
  const userId = idAt(payload, settings.userClaim);
  if (companyId === undefined || userId === undefined) return NOBODY;
  const role = roleOf(claimAt(payload, settings.roleClaim), settings);
  if (role === undefined) return { kind: 'not-allowed' };
  const email = idAt(payload, 'email') ?? '';
  return {
    kind: 'principal',
    principal: {
      companyId,
      companyName: idAt(payload, 'company_name') ?? companyId,
      actor: { kind: 'user', id: userId, name: idAt(payload, 'name') ?? (email === '' ? userId : email) },
      email,
      role,
      via: 'jwt',
      csrfToken: null,
      expiresAt: new Date((payload.exp ?? 0) * 1_000),
    },
  };
}

/** The claim of this very name, else the value that its dots lead to. */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  let value: unknown = payload;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function idAt(payload: JWTPayload, path: string): string | undefined {
  const value = claimAt(payload, path);
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH ? value : undefined;
}

/** One role, or a list of which the highest counts. */
function roleOf(claim: unknown, { ownerRole, adminRole }: JwtSettings): Role | undefined {
  const roles: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (roles.includes(ownerRole)) return 'owner';
  return roles.includes(adminRole) ? 'admin' : undefined;
}
