import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The form of an API token: `whk_`, 12 characters that name it, 43 that prove it (32 random bytes). Stored are the name
 * and the SHA-256 of the whole; 256 random bits need no salt and no slow hash.
 */
const FORM = /^whk_([\w-]{12})[\w-]{43}$/;

export interface NewTokenSecret {
  readonly id: string;
  readonly token: string;
  readonly hash: string;
}

export function newToken(): NewTokenSecret {
  const id = randomBytes(9).toString('base64url');
  const token = `whk_${id}${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: tokenHash(token) };
}

/** Whether it claims to be one: it is then never tried as anything else. */
export function isApiToken(bearer: string): boolean {
  return bearer.startsWith('whk_');
}

/** The name in a token; undefined when it has not the form of one. */
export function tokenIdOf(token: string): string | undefined {
  return FORM.exec(token)?.[1];
}

export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url');
}

export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The part that may be shown. */
export function prefixOf(id: string): string {
  return `whk_${id}`;
}
