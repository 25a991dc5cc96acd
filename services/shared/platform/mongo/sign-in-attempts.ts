import { createHash } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import { isDuplicateKey, onMongo } from './mongo-errors.js';

/**
 * Slows down guessing of passwords, per account and per address, in MongoDB: all admin processes count together.
 *
 * An attempt is counted before its password is looked at and taken back when it was right, so that guesses sent at
 * once can't outrun the count. From the bound on, every further attempt must wait twice as long: 1 s, 2 s, 4 s … 15 min
 * at most, so that nobody can lock an account for good. A quiet day forgets everything.
 *
 *   account: 5 attempts, then waits        address: 20 attempts, then waits
 *
 * Accounts are counted whether or not they exist, under the SHA-256 of their e-mail address.
 */
interface AttemptsDocument {
  readonly _id: string;
  readonly failures: number;
  readonly blockedUntil: Date;
  readonly expiresAt: Date;
}

const FREE = { account: 5, address: 20 } as const;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** More doublings than reach the longest wait; bounds the power. */
const MAX_DOUBLINGS = 20;
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;

export interface SignInOrigin {
  readonly email: string;
  readonly address: string;
}

export class SignInAttempts {
  readonly #attempts: Collection<AttemptsDocument>;

  constructor(db: Db) {
    this.#attempts = db.collection<AttemptsDocument>('sign_in_attempts');
  }

  /** Counts an attempt. Milliseconds to wait when it is not allowed; 0 when it is. @throws DependencyError */
  async begin({ email, address }: SignInOrigin, now: Date): Promise<number> {
    const waitMs = await this.#count(addressKey(address), FREE.address, now);
    return waitMs > 0 ? waitMs : this.#count(accountKey(email), FREE.account, now);
  }

  /** The password was right: the account starts anew, the address gets back the one attempt. @throws DependencyError */
  async succeeded({ email, address }: SignInOrigin, now: Date): Promise<void> {
    await onMongo('clearing attempts to sign in', () =>
      this.#attempts.bulkWrite([
        { deleteOne: { filter: { _id: accountKey(email) } } },
        {
          updateOne: {
            filter: { _id: addressKey(address), failures: { $gt: 0 } },
            update: { $inc: { failures: -1 }, $set: { blockedUntil: now } },
          },
        },
      ]),
    );
  }

  async #count(key: string, free: number, now: Date): Promise<number> {
    const update = () =>
      onMongo('counting attempts to sign in', () =>
        this.#attempts.findOneAndUpdate({ _id: key }, countOne(free, now), { upsert: true, returnDocument: 'before' }),
      );
    const before = await update().catch((error: unknown) => {
      // Two first attempts at once: one finds the document of the other and counts on it.
      if (isDuplicateKey(error)) return update();
      throw error;
    });
    return before === null ? 0 : Math.max(0, before.blockedUntil.getTime() - now.getTime());
  }
}

/** An attempt that comes too early counts for nothing: else hammering on an account would block its user for ever. */
function countOne(free: number, now: Date) {
  const open = { $lte: [{ $ifNull: ['$blockedUntil', now] }, now] };
  const failures = { $add: [{ $ifNull: ['$failures', 0] }, 1] };
  const doublings = { $min: [{ $subtract: [failures, free] }, MAX_DOUBLINGS] };
  const waitMs = { $min: [{ $multiply: [FIRST_WAIT_MS, { $pow: [2, doublings] }] }, LONGEST_WAIT_MS] };
  return [
    {
      $set: {
        failures: { $cond: [open, failures, '$failures'] },
        blockedUntil: {
          $cond: [
            open,
            { $cond: [{ $lt: [failures, free] }, now, { $add: [now, { $toLong: waitMs }] }] },
            '$blockedUntil',
          ],
        },
        expiresAt: new Date(now.getTime() + FORGOTTEN_AFTER_MS),
      },
    },
  ];
}

function accountKey(email: string): string {
  return `account ${createHash('sha256').update(email.trim().toLowerCase()).digest('base64url')}`;
}

function addressKey(address: string): string {
  return `address ${address}`;
}
