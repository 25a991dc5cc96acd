import { ApiError } from './api-error.js';

/** The ETag of a webhook: its version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * Whether a change may be made to this version, by `If-Match` (RFC 9110): one or more ETags, or `*`. Weak ones never
 * match. @throws ApiError 412 when it may not; 428 when the header is missing and required
 */
export function assertMatches(ifMatch: string | undefined, version: number, required: boolean): void {
  if (ifMatch === undefined) {
    if (!required) return;
    throw new ApiError('version-required', 'Name the version that this change was made from in If-Match.');
  }
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.includes('*') && !tags.includes(etagOf(version))) throw versionChanged();
}

export function versionChanged(): ApiError {
  return new ApiError('version-changed', 'Somebody changed this webhook meanwhile: load it again.');
}

/** Holds for whatever version there is: such a change is tried again when another one comes between. */
export function isUnconditional(ifMatch: string | undefined): boolean {
  return ifMatch === undefined || ifMatch.split(',').some((tag) => tag.trim() === '*');
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The `Idempotency-Key` of a creation. @throws ApiError 400 when it can't be one */
export function idempotencyKeyOf(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new ApiError('bad-request', 'Idempotency-Key must have 1 to 255 visible ASCII characters.');
}
