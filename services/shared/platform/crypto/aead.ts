import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { SealError } from './seal-error.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
/** Named to the cipher on both ways: without it, Node accepts tags of 4 bytes, which can be guessed. */
const TAG_BYTES = 16;

/** The version of the format, bound into every blob. */
export const SEAL_VERSION = 1;

/** AES-256-GCM under a random 12-byte iv. */
export interface Ciphertext {
  readonly v: typeof SEAL_VERSION;
  readonly iv: Uint8Array;
  readonly ct: Uint8Array;
  readonly tag: Uint8Array;
}

/**
 * Names the place that a blob belongs to, so that a copy of it elsewhere fails to open. JSON, because a plain
 * separator could occur inside an id and make two places look the same.
 */
export function placeOf(...parts: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify([...parts, SEAL_VERSION]));
}

/** Encrypts `plain` for one place. */
export function encrypt(key: KeyObject, place: Buffer, plain: Buffer): Ciphertext {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(place);
  const ct = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { v: SEAL_VERSION, iv, ct, tag: cipher.getAuthTag() };
}

/** Decrypts what `encrypt` made for the same place. @throws SealError when it is not exactly that */
export function decrypt(key: KeyObject, place: Buffer, { v, iv, ct, tag }: Ciphertext): Buffer {
  // The stored number can be any: the type is what we write, not what we may find.
  if ((v as number) !== SEAL_VERSION) throw new SealError('unknown-version', `version ${String(v)} is not known here`);
  try {
    if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw new RangeError('iv or tag has a wrong length');
    const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(place);
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(ct), decipher.final()]);
  } catch (cause) {
    throw new SealError('not-authentic', 'a sealed value is damaged or stands in a place it was not sealed for', {
      cause,
    });
  }
}
