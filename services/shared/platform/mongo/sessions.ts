import { hash, randomBytes } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import { onMongo } from './mongo-errors.js';

/** A signed-in browser. */
export interface StoredSession {
  readonly companyId: string;
  readonly userId: string;
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

type SessionDocument = StoredSession & { readonly _id: string; readonly createdAt: Date };

/** What a new session's browser is given; `secret` is kept nowhere else. */
export interface NewSession extends StoredSession {
  readonly secret: string;
}

/** Sessions of local users. The cookie's secret is found by its SHA-256, and only that is stored. */
export class SessionStore {
  readonly #sessions: Collection<SessionDocument>;

  constructor(db: Db) {
    this.#sessions = db.collection<SessionDocument>('sessions');
  }

  async create(companyId: string, userId: string, now: Date, expiresAt: Date): Promise<NewSession> {
    const secret = randomBytes(32).toString('base64url');
    const session = { companyId, userId, csrfToken: randomBytes(32).toString('base64url'), expiresAt };
    await onMongo('creating a session', () =>
      this.#sessions.insertOne({ _id: sessionHash(secret), ...session, createdAt: now }),
    );
    return { ...session, secret };
  }

  /** A query without a company: the secret alone names the session. Expired ones are not found. @throws DependencyError */
  async find(hash: string, now: Date): Promise<StoredSession | undefined> {
    const found = await onMongo('reading a session', () =>
      this.#sessions.findOne({ _id: hash, expiresAt: { $gt: now } }),
    );
    if (found === null) return undefined;
    const { companyId, userId, csrfToken, expiresAt } = found;
    return { companyId, userId, csrfToken, expiresAt };
  }

  async delete(companyId: string, hash: string): Promise<void> {
    await onMongo('ending a session', () => this.#sessions.deleteOne({ _id: hash, companyId }));
  }

  /** Signs the user out everywhere; how many sessions that were. @throws DependencyError */
  async deleteOfUser(companyId: string, userId: string): Promise<number> {
    const { deletedCount } = await onMongo('ending sessions', () => this.#sessions.deleteMany({ companyId, userId }));
    return deletedCount;
  }
}

/** Under which a session is stored and cached. The secret is random, so that it needs no salt. */
export function sessionHash(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
