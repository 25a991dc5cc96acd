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
 * included. While a company gets another data key it has two: the current one seals, both open; which of them a value
 * needs stands in the value. Every blob is bound to its company, webhook and field: moved anywhere else, it doesn't open.
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

/** A company's data keys: what is new is sealed with the current one. */
export interface WrappedDataKeys {
  readonly current: WrappedDataKey;
  /** There while something may still be sealed with it: a renewal is under way. */
  readonly previous?: WrappedDataKey | undefined;
}

/** Where the companies' wrapped data keys are kept. */
export interface DataKeyStore {
  find(companyId: string): Promise<WrappedDataKeys | undefined>;
  /** Stores the key unless the company has one, and returns those that it has now: of two racers, one wins. */
  createIfAbsent(companyId: string, wrapped: WrappedDataKey): Promise<WrappedDataKeys>;
}

export interface VaultOptions {
  /** The first wraps new data keys; the others only unwrap. */
  readonly keys: readonly KeyEncryptionKey[];
  readonly companies: DataKeyStore;
  /** Most data keys kept in memory; 10,000 when absent. */
  readonly maxCached?: number;
}

/**
 * How long data keys are used without looking, counted from the beginning of the look: after it, a deleted company's
 * secrets are unreadable everywhere, and nobody seals with a data key that was replaced.
 */
export const DATA_KEYS_TRUSTED_MS = 60_000;

/** @throws ConfigError when the keys can't be used */
export function createVault(options: VaultOptions): Vault {
  return new EnvelopeVault(new KeyRing(options.keys), options.companies, options.maxCached ?? 10_000);
}

interface DataKeys {
  readonly current: DataKey;
  /** Unwrapped when a value needs it: should it not unwrap, what is sealed with the current one still opens. */
  readonly previous: WrappedDataKey | undefined;
}

class EnvelopeVault implements Vault {
  readonly #ring: KeyRing;
  readonly #companies: DataKeyStore;
  readonly #cache: LRUCache<string, DataKeys>;
  readonly #loading = new Map<string, Promise<DataKeys | undefined>>();

  constructor(ring: KeyRing, companies: DataKeyStore, maxCached: number) {
    this.#ring = ring;
    this.#companies = companies;
    this.#cache = new LRUCache({ max: maxCached, ttl: DATA_KEYS_TRUSTED_MS });
  }

  async seal(companyId: string, webhookId: string, field: string, text: string): Promise<Sealed> {
    const keys = this.#cache.get(companyId) ?? (await this.#load(companyId)) ?? (await this.#create(companyId));
    const sealed = encrypt(keys.current.key, placeOf(companyId, webhookId, field), Buffer.from(text, 'utf8'));
    return { kid: keys.current.id, ...sealed };
  }

  async open(companyId: string, webhookId: string, field: string, sealed: Sealed): Promise<string> {
    const cached = this.#keyNamed(sealed.kid, companyId, this.#cache.get(companyId));
    const dataKey = cached ?? (await this.#lookFor(companyId, sealed.kid));
    if (dataKey === undefined)
      throw new SealError('unknown-data-key', `company ${companyId} has no data key "${sealed.kid}"`);
    return decrypt(dataKey.key, placeOf(companyId, webhookId, field), sealed).toString('utf8');
  }

  /** Before a value is refused: the company may have got its key, or another one, since its keys were cached. */
  async #lookFor(companyId: string, kid: string): Promise<DataKey | undefined> {
    const isUnderWay = this.#loading.has(companyId);
    const found = this.#keyNamed(kid, companyId, await this.#load(companyId));
    if (found !== undefined || !isUnderWay) return found;
    // That look began before we came, perhaps before the key was stored: the next one begins now.
    return this.#keyNamed(kid, companyId, await this.#load(companyId));
  }

  /** One look-up per company at a time, however many webhooks wait for it. */
  #load(companyId: string): Promise<DataKeys | undefined> {
    const loading = this.#loading.get(companyId);
    if (loading !== undefined) return loading;
    const start = performance.now();
    const load = this.#companies
      .find(companyId)
      .then((wrapped) => (wrapped === undefined ? undefined : this.#keep(companyId, wrapped, start)))
      .finally(() => this.#loading.delete(companyId));
    this.#loading.set(companyId, load);
    return load;
  }

  async #create(companyId: string): Promise<DataKeys> {
    const start = performance.now();
    const wrapped = await this.#companies.createIfAbsent(companyId, this.#ring.newDataKey(companyId));
    return this.#keep(companyId, wrapped, start);
  }

  #keep(companyId: string, { current, previous }: WrappedDataKeys, start: number): DataKeys {
    const keys = { current: this.#ring.unwrap(companyId, current), previous };
    this.#cache.set(companyId, keys, { start });
    return keys;
  }

  #keyNamed(kid: string, companyId: string, keys: DataKeys | undefined): DataKey | undefined {
    if (keys?.current.id === kid) return keys.current;
    return keys?.previous?.id === kid ? this.#ring.unwrap(companyId, keys.previous) : undefined;
  }
}
