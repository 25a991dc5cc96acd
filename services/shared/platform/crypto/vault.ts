import { LRUCache } from 'lru-cache';
import { decrypt, encrypt, placeOf, type Ciphertext } from './aead.js';
import { KeyRing, type DataKey, type KeyEncryptionKey, type WrappedDataKey } from './key-ring.js';
import { SealError } from './seal-error.js';

/**
 * Keeps customers' secrets encrypted at rest: "No secret leaves in clear" (DESIGN.md, 10).
 *
 * Two levels. Each company has a data key of its own, which seals its webhooks' secrets; a key-encryption key from the
 * settings wraps the data keys. So a stolen database is worth nothing without the settings, a new key-encryption key
 * means rewrapping one small blob per company, and deleting that blob makes a company's secrets unreadable, backups
 * included. Every blob is bound to its company, webhook and field: moved anywhere else, it doesn't open.
 * It never logs, and its errors name places, never values.
 */
export interface Vault {
  /** Encrypts `text` for one field of one webhook; makes the company's data key if it has none. */
  seal(companyId: string, webhookId: string, field: string, text: string): Promise<Sealed>;
  /** The text that was sealed for this very place. @throws SealError when it can't be opened */
  open(companyId: string, webhookId: string, field: string, sealed: Sealed): Promise<string>;
}

/** A secret as it is stored. */
export interface Sealed extends Ciphertext {
  /** Names the company's data key. */
  readonly kid: string;
}

/** Where the companies' wrapped data keys are kept. */
export interface DataKeyStore {
  find(companyId: string): Promise<WrappedDataKey | undefined>;
  /** Stores the key unless the company has one, and returns the one that it has now: of two racers, one wins. */
  createIfAbsent(companyId: string, wrapped: WrappedDataKey): Promise<WrappedDataKey>;
}

export interface VaultOptions {
  /** The first wraps new data keys; the others only unwrap. */
  readonly keys: readonly KeyEncryptionKey[];
  readonly companies: DataKeyStore;
  /** Most data keys kept in memory; 10,000 when absent. */
  readonly maxCached?: number;
}

/** How long a data key is used without looking: a deleted company's secrets are unreadable everywhere after it. */
const CACHE_MS = 60_000;

/** @throws ConfigError when the keys can't be used */
export function createVault(options: VaultOptions): Vault {
  return new EnvelopeVault(new KeyRing(options.keys), options.companies, options.maxCached ?? 10_000);
}

class EnvelopeVault implements Vault {
  readonly #ring: KeyRing;
  readonly #companies: DataKeyStore;
  readonly #cache: LRUCache<string, DataKey>;
  readonly #loading = new Map<string, Promise<DataKey | undefined>>();

  constructor(ring: KeyRing, companies: DataKeyStore, maxCached: number) {
    this.#ring = ring;
    this.#companies = companies;
    this.#cache = new LRUCache({ max: maxCached, ttl: CACHE_MS });
  }

  async seal(companyId: string, webhookId: string, field: string, text: string): Promise<Sealed> {
    const dataKey = this.#cache.get(companyId) ?? (await this.#load(companyId)) ?? (await this.#create(companyId));
    const sealed = encrypt(dataKey.key, placeOf(companyId, webhookId, field), Buffer.from(text, 'utf8'));
    return { kid: dataKey.id, ...sealed };
  }

  async open(companyId: string, webhookId: string, field: string, sealed: Sealed): Promise<string> {
    let dataKey = this.#cache.get(companyId);
    // Look again before refusing: the company may have got its key, or another one, since it was cached.
    if (dataKey?.id !== sealed.kid) dataKey = await this.#load(companyId);
    if (dataKey?.id !== sealed.kid)
      throw new SealError('unknown-data-key', `company ${companyId} has no data key "${sealed.kid}"`);
    return decrypt(dataKey.key, placeOf(companyId, webhookId, field), sealed).toString('utf8');
  }

  /** One look-up per company at a time, however many webhooks wait for it. */
  #load(companyId: string): Promise<DataKey | undefined> {
    const loading = this.#loading.get(companyId);
    if (loading !== undefined) return loading;
    const load = this.#companies
      .find(companyId)
      .then((wrapped) => (wrapped === undefined ? undefined : this.#keep(companyId, wrapped)))
      .finally(() => this.#loading.delete(companyId));
    this.#loading.set(companyId, load);
    return load;
  }

  async #create(companyId: string): Promise<DataKey> {
    const wrapped = await this.#companies.createIfAbsent(companyId, this.#ring.newDataKey(companyId));
    return this.#keep(companyId, wrapped);
  }

  #keep(companyId: string, wrapped: WrappedDataKey): DataKey {
    const dataKey = this.#ring.unwrap(companyId, wrapped);
    this.#cache.set(companyId, dataKey);
    return dataKey;
  }
}
