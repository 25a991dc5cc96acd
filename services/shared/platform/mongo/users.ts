import { randomBytes } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import { isDuplicateKey, onMongo } from './mongo-errors.js';
import { inTransaction } from './transaction.js';

/** A person who signs in with e-mail and password. */
export interface User {
  readonly id: string;
  readonly companyId: string;
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  /** "owner", "admin" or any other role of the platform. */
  readonly role: string;
  readonly passwordHash: string;
  readonly disabled: boolean;
}

type UserDocument = Omit<User, 'id'> & { readonly _id: string; readonly createdAt: Date; readonly updatedAt: Date };

export interface NewUser {
  readonly companyId: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly passwordHash: string;
}

/** What can be changed: absent fields stay as they are. */
export interface UserChange {
  readonly role?: string;
  readonly disabled?: boolean;
  readonly passwordHash?: string;
}

export type ChangeResult = 'changed' | 'unknown-user' | 'last-owner';

export class UserStore {
  readonly #db: Db;
  readonly #users: Collection<UserDocument>;

  constructor(db: Db) {
    this.#db = db;
    this.#users = db.collection<UserDocument>('users');
  }

  /** An e-mail address belongs to one user of one company. @throws DependencyError */
  async create(user: NewUser, now: Date): Promise<'email-taken' | { readonly id: string }> {
    const { companyId, name, role, passwordHash } = user;
    const id = `usr_${randomBytes(12).toString('base64url')}`;
    const stored = { companyId, email: emailOf(user.email), name, role, passwordHash, disabled: false };
    try {
      await onMongo('creating a user', () =>
        this.#users.insertOne({ _id: id, ...stored, createdAt: now, updatedAt: now }),
      );
      return { id };
    } catch (error) {
      if (isDuplicateKey(error)) return 'email-taken';
      throw error;
    }
  }

  /** The one query without a company: who signs in has named none yet. @throws DependencyError */
  async findByEmail(email: string): Promise<User | undefined> {
    const found = await onMongo('looking for a user', () => this.#users.findOne({ email: emailOf(email) }));
    return found === null ? undefined : toUser(found);
  }

  async find(companyId: string, id: string): Promise<User | undefined> {
    const found = await onMongo('reading a user', () => this.#users.findOne({ companyId, _id: id }));
    return found === null ? undefined : toUser(found);
  }

  async list(companyId: string): Promise<readonly User[]> {
    const found = await onMongo('listing users', () => this.#users.find({ companyId }).sort({ _id: 1 }).toArray());
    return found.map(toUser);
  }

  /**
   * Changes a user, and ends his sessions in the same transaction when he is disabled or gets another password. A
   * company keeps an Owner who can sign in, also when two changes that would take the last two come at once: each
   * touches the Owner that it relies on, so that one of them has to run again.
   * @throws DependencyError
   */
  change(companyId: string, id: string, change: UserChange, now: Date): Promise<ChangeResult> {
    return inTransaction('changing a user', this.#db, async (session) => {
      const user = await this.#users.findOne({ companyId, _id: id }, { session });
      if (user === null) return 'unknown-user';
      const after = { ...user, ...change };
      if (isOwner(user) && !isOwner(after)) {
        const others = { companyId, _id: { $ne: id }, role: 'owner', disabled: false };
        const [other] = await this.#users.find(others, { session }).limit(1).toArray();
        if (other === undefined) return 'last-owner';
        // Touches the other Owner, so that a transaction that demotes him at the same time has to run again.
        await this.#users.updateOne({ companyId, _id: other._id }, { $set: { updatedAt: now } }, { session });
      }
      await this.#users.updateOne({ companyId, _id: id }, { $set: { ...change, updatedAt: now } }, { session });
      if (after.disabled || change.passwordHash !== undefined)
        await this.#db.collection('sessions').deleteMany({ companyId, userId: id }, { session });
      return 'changed';
    });
  }
}

function emailOf(email: string): string {
  return email.trim().toLowerCase();
}

function isOwner({ role, disabled }: Pick<User, 'role' | 'disabled'>): boolean {
  return role === 'owner' && !disabled;
}

function toUser({ _id, companyId, email, name, role, passwordHash, disabled }: UserDocument): User {
  return { id: _id, companyId, email, name, role, passwordHash, disabled };
}
