import { randomBytes } from 'node:crypto';
import { createPasswords } from '../api/identity/passwords.js';
import type { CommandContext } from './command.js';
import { UsageError } from './usage-error.js';

const MIN_LENGTH = 12;
const GENERATED_BYTES = 15;

/**
 * A user's new password as its hash, and what tells the operator about it once the user has it: a generated one is
 * shown that one time, a typed one never. It is never an argument, where every user of the machine could read it.
 */
export interface NewPassword {
  readonly passwordHash: string;
  readonly tell: () => void;
}

/** @throws UsageError when the typed one is too short */
export async function newPassword({ readPassword, print }: CommandContext): Promise<NewPassword> {
  const typed = await readPassword();
  if (typed !== undefined && typed.length < MIN_LENGTH)
    throw new UsageError(`A password has at least ${MIN_LENGTH} characters.`);
  const password = typed ?? randomBytes(GENERATED_BYTES).toString('base64url');
  const passwordHash = await (await createPasswords()).hash(password);
  const tell = () => (typed === undefined ? print(`Password, shown this once: ${password}`) : undefined);
  return { passwordHash, tell };
}
