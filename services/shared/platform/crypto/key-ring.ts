import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { ConfigError } from '../../core/errors.js';
import { decrypt, encrypt, placeOf, type Ciphertext } from './aead.js';
import { SealError } from './seal-error.js';

const KEY_BYTES = 32;

/** A key-encryption key as the settings give it: 32 random bytes, not a password. */
export interface KeyEncryptionKey {
  readonly kid: string;
  readonly key: Uint8Array;
}

/** A company's data key, encrypted under a key-encryption key: the form in which it is stored. */
export interface WrappedDataKey extends Ciphertext {
  /** Names the data key; stands in every value sealed with it. */
  readonly id: string;
  /** Names the key-encryption key. A rotation replaces `kid`, `iv`, `ct` and `tag`; `id` and sealed values stay. */
  readonly kid: string;
}

/** A data key that can be worked with. A KeyObject, so that its bytes never appear in a log or an inspection. */
export interface DataKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** The configured key-encryption keys: the first wraps new data keys, all of them unwrap. */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #current: string;

  /** @throws ConfigError when there is no key, a key is not 32 bytes long, or a kid is empty or given twice */
  constructor(keys: readonly KeyEncryptionKey[]) {
    const faults: string[] = [];
    if (keys.length === 0) faults.push('no key-encryption key is configured');
    for (const { kid, key } of keys) {
      if (kid === '') faults.push('a key-encryption key has an empty kid');
      if (key.length !== KEY_BYTES)
        faults.push(`key-encryption key "${kid}" has ${key.length} bytes instead of ${KEY_BYTES}`);
    }
    const [first] = keys;
    if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) faults.push('two key-encryption keys share a kid');
    if (faults.length > 0 || first === undefined) throw new ConfigError(faults);
    this.#keys = new Map(keys.map(({ kid, key }) => [kid, createSecretKey(key)]));
    this.#current = first.kid;
  }

  /** A new data key for the company, wrapped by the current key-encryption key. */
  newDataKey(companyId: string): WrappedDataKey {
    const id = `dk_${randomBytes(12).toString('base64url')}`;
    const bytes = randomBytes(KEY_BYTES);
    const wrapped = encrypt(this.#keyOf(this.#current), wrapPlace(companyId, id), bytes);
    bytes.fill(0);
    return { id, kid: this.#current, ...wrapped };
  }

  /** @throws SealError when the key-encryption key is not configured, or the data key is another company's */
  unwrap(companyId: string, wrapped: WrappedDataKey): DataKey {
    const bytes = decrypt(this.#keyOf(wrapped.kid), wrapPlace(companyId, wrapped.id), wrapped);
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return { id: wrapped.id, key };
  }

  /** Names the key-encryption key that wraps what is new. */
  get current(): string {
    return this.#current;
  }

  /** The same data key under the current key-encryption key: what is sealed with it stays. @throws SealError */
  rewrap(companyId: string, wrapped: WrappedDataKey): WrappedDataKey {
    const place = wrapPlace(companyId, wrapped.id);
    const bytes = decrypt(this.#keyOf(wrapped.kid), place, wrapped);
    const again = encrypt(this.#keyOf(this.#current), place, bytes);
    bytes.fill(0);
    return { id: wrapped.id, kid: this.#current, ...again };
  }

  #keyOf(kid: string): KeyObject {
    const key = this.#keys.get(kid);
    if (key === undefined)
      throw new SealError(
        'unknown-key-encryption-key',
        `key-encryption key "${kid}" is not configured; configured are: ${[...this.#keys.keys()].join(', ')}`,
      );
    return key;
  }
}

function wrapPlace(companyId: string, dataKeyId: string): Buffer {
  return placeOf('data-key', companyId, dataKeyId);
}
