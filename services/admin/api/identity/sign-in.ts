import type { NewSession } from '../../../shared/platform/mongo/sessions.js';
import type { User } from '../../../shared/platform/mongo/users.js';
import type { SignIn } from '../../contract/session.js';
import { ApiError } from '../api-error.js';
import { tooMany } from '../rate-limits.js';
import type { Passwords } from './passwords.js';
import { isConsoleRole } from './session-identity.js';

/**
 * Signs a user in with e-mail and password.
 *
 * Order: the throttle, before anything costs; the password, with the same work whether or not the e-mail exists; one
 * answer for a wrong e-mail, a wrong password and a disabled user; then, to him who knows the password, whether his role
 * has access.
 */
export interface SignInPorts {
  readonly beginAttempt: (origin: { email: string; address: string }, now: Date) => Promise<number>;
  readonly attemptSucceeded: (origin: { email: string; address: string }, now: Date) => Promise<void>;
  readonly findUser: (email: string) => Promise<User | undefined>;
  readonly verify: Passwords['verify'];
  readonly createSession: (companyId: string, userId: string, now: Date, expiresAt: Date) => Promise<NewSession>;
  readonly sessionMs: number;
}

/** @throws ApiError 429 with the wait, 401, or 403 for a role without access */
export async function signIn(ports: SignInPorts, { email, password }: SignIn, address: string): Promise<NewSession> {
  const origin = { email, address };
  const waitMs = await ports.beginAttempt(origin, new Date());
  if (waitMs > 0) throw tooMany(waitMs);
  const user = await ports.findUser(email);
  const isRight = await ports.verify(user?.passwordHash, password);
  if (user === undefined || !isRight || user.disabled)
    throw new ApiError('unauthenticated', 'E-mail or password is wrong.');
  const now = new Date();
  await ports.attemptSucceeded(origin, now);
  if (!isConsoleRole(user.role))
    throw new ApiError('not-allowed', 'Only Owners and Admins of a company can use this panel.');
  return ports.createSession(user.companyId, user.id, now, new Date(now.getTime() + ports.sessionMs));
}
