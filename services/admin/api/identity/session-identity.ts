import { BriefCache } from '../../../shared/platform/mongo/brief-cache.js';
import type { StoredSession } from '../../../shared/platform/mongo/sessions.js';
import type { User } from '../../../shared/platform/mongo/users.js';
import type { Role } from '../../contract/session.js';
import type { Identity } from '../principal.js';

/**
 * Who a session is: its user as he is now. Session, user and company are read together and kept for 5 s: a sign-out, a
 * disabled user and a changed role are in force everywhere after 5 s at most (60 s are promised); a sign-out at once in
 * the process that did it.
 */
export interface SessionIdentityPorts {
  readonly findSession: (hash: string, now: Date) => Promise<StoredSession | undefined>;
  readonly findUser: (companyId: string, userId: string) => Promise<User | undefined>;
  readonly companyName: (companyId: string) => Promise<string>;
}

const KEPT_MS = 5_000;
const MAX_KEPT = 10_000;

interface KnownSession {
  readonly session: StoredSession;
  readonly user: User;
  readonly companyName: string;
}

export class SessionIdentity {
  readonly #ports: SessionIdentityPorts;
  readonly #known = new BriefCache<KnownSession>({ maxEntries: MAX_KEPT, ttlMs: KEPT_MS });

  constructor(ports: SessionIdentityPorts) {
    this.#ports = ports;
  }

  /** @throws DependencyError when MongoDB is away */
  async identify(hash: string): Promise<Identity> {
    const known = await this.#known.get(hash, () => this.#look(hash));
    if (known === undefined || known.session.expiresAt.getTime() <= Date.now()) return { kind: 'nobody' };
    const { user, session, companyName } = known;
    if (!isConsoleRole(user.role)) return { kind: 'not-allowed' };
    return {
      kind: 'principal',
      principal: {
        companyId: user.companyId,
        companyName,
        actor: { kind: 'user', id: user.id, name: user.name },
        email: user.email,
        role: user.role,
        via: 'session',
        csrfToken: session.csrfToken,
        expiresAt: session.expiresAt,
      },
    };
  }

  forget(hash: string): void {
    this.#known.delete(hash);
  }

  async #look(hash: string): Promise<KnownSession | undefined> {
    const session = await this.#ports.findSession(hash, new Date());
    if (session === undefined) return undefined;
    const [user, companyName] = await Promise.all([
      this.#ports.findUser(session.companyId, session.userId),
      this.#ports.companyName(session.companyId),
    ]);
    return user === undefined || user.disabled ? undefined : { session, user, companyName };
  }
}

/** "Other roles have no access." */
export function isConsoleRole(role: string): role is Role {
  return role === 'owner' || role === 'admin';
}
