import type { StoredApiToken } from '../../../shared/platform/mongo/api-tokens.js';
import { BriefCache } from '../../../shared/platform/mongo/brief-cache.js';
import type { Identity } from '../principal.js';
import { isSameHash, prefixOf, tokenHash, tokenIdOf } from './api-token.js';

/**
 * Who an API token is: its company. What MongoDB says is kept for 5 s, so a revoked token works in other admin
 * processes for 5 s at most; in the one that revoked it, no longer.
 */
export interface TokenIdentityPorts {
  readonly findToken: (id: string, now: Date) => Promise<StoredApiToken | undefined>;
  readonly touchToken: (token: StoredApiToken, now: Date) => Promise<void>;
  readonly companyName: (companyId: string) => Promise<string>;
}

const KEPT_MS = 5_000;
const MAX_KEPT = 10_000;
const NOBODY: Identity = { kind: 'nobody' };

type KnownToken = StoredApiToken & { readonly companyName: string };

export class TokenIdentity {
  readonly #ports: TokenIdentityPorts;
  /** By the SHA-256 of what was sent: a wrong secret behind a right name never meets the right one's entry. */
  readonly #known = new BriefCache<KnownToken>({ maxEntries: MAX_KEPT, ttlMs: KEPT_MS });
  /** A revoked one, until no answer that was on its way can still be kept. */
  readonly #revoked = new BriefCache<object>({ maxEntries: MAX_KEPT, ttlMs: 2 * KEPT_MS });

  constructor(ports: TokenIdentityPorts) {
    this.#ports = ports;
  }

  /** @throws DependencyError when MongoDB is away */
  async identify(token: string): Promise<Identity> {
    const id = tokenIdOf(token);
    if (id === undefined) return NOBODY;
    const hash = tokenHash(token);
    const known = await this.#known.get(hash, () => this.#look(id, hash));
    const revoked = await this.#revoked.get(id, () => Promise.resolve(undefined));
    if (known === undefined || revoked !== undefined || known.expiresAt.getTime() <= Date.now()) return NOBODY;
    return {
      kind: 'principal',
      principal: {
        companyId: known.companyId,
        companyName: known.companyName,
        actor: { kind: 'token', id: prefixOf(known.id), name: known.name },
        email: '',
        role: 'admin',
        via: 'token',
        csrfToken: null,
        expiresAt: known.expiresAt,
      },
    };
  }

  /** It ends here at once. */
  async forget(id: string): Promise<void> {
    await this.#revoked.get(id, () => Promise.resolve({}));
  }

  async #look(id: string, hash: string): Promise<KnownToken | undefined> {
    const now = new Date();
    const found = await this.#ports.findToken(id, now);
    if (found === undefined || !isSameHash(found.hash, hash)) return undefined;
    // The note is for people to read; a request doesn't fail for want of it.
    const [companyName] = await Promise.all([
      this.#ports.companyName(found.companyId),
      this.#ports.touchToken(found, now).catch(() => undefined),
    ]);
    return { ...found, companyName };
  }
}
