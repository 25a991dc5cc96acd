import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { ApiError } from '../api-error.js';

/**
 * Hashes and checks passwords with argon2id, by the parameters that OWASP names: 19 MiB, 2 passes, 1 lane.
 *
 * At most two run at a time and few wait: sign-ins can't take more than 40 MiB, nor all threads, however many come.
 * Without a user the same work is done on a hash of nobody's, so that the time of an answer doesn't tell who exists.
 */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether it is the password of this hash; `undefined`: of nobody. @throws ApiError 429 when too many wait */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>;
}

/** Argon2id is the library's own default algorithm; its enum can't be named under isolatedModules. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const AT_A_TIME = 2;
const MAX_WAITING = 32;
const RETRY_AFTER_SECONDS = 2;

export async function createPasswords(): Promise<Passwords> {
  const nobodys = await hash(randomBytes(32), PARAMETERS);
  const inTurn = createTurns();
  return {
    hash: (password) => inTurn(() => hash(password, PARAMETERS)),
    verify: (passwordHash, password) =>
      inTurn(async () => {
        const matches = await verify(passwordHash ?? nobodys, password);
        return matches && passwordHash !== undefined;
      }),
  };
}

/** Runs AT_A_TIME works at a time, the others in the order in which they came. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= AT_A_TIME) {
      if (waiting.length >= MAX_WAITING)
        throw new ApiError('too-many-requests', 'Too many people sign in just now: try again in a moment.', {
          retryAfter: RETRY_AFTER_SECONDS,
        });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      // The turn goes on to the next one; `running` stays as it is then.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
