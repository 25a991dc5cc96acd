import type { Command } from './command.js';
import { createCompany, createToken } from './company-commands.js';
import { rotateKeys } from './key-commands.js';
import {
  createUser,
  disableUser,
  enableUser,
  listUsers,
  resetPassword,
  revokeSessions,
  setRole,
} from './user-commands.js';

/** What an operator does from a terminal. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['create-company', createCompany],
  ['create-user', createUser],
  ['list-users', listUsers],
  ['set-role', setRole],
  ['disable-user', disableUser],
  ['enable-user', enableUser],
  ['reset-password', resetPassword],
  ['revoke-sessions', revokeSessions],
  ['create-token', createToken],
  ['rotate-keys', rotateKeys],
]);

export const USAGE = `Usage: npm run admin -- <command> [options]

Companies
  create-company  --company <id> --name <name>
  create-token    --company <id> --name <name>
      An API token for a program of the company, valid for 90 days, printed once.

Users
  create-user     --company <id> --email <e-mail> --name <name> --role <owner|admin|…> [--password-stdin]
  list-users      --company <id>
  set-role        --email <e-mail> --role <owner|admin|…>
  disable-user    --email <e-mail>
  enable-user     --email <e-mail>
  reset-password  --email <e-mail> [--password-stdin]
  revoke-sessions --email <e-mail>
      A password is asked for on a terminal, else generated and printed once; --password-stdin reads it as one line
      from the standard input. It has at least 12 characters.

Keys
  rotate-keys     [--new-data-keys]
      Puts all data keys under the first of ENCRYPTION_KEYS. Every process must know the new key and the old one
      before; the old one goes out of the settings after. With --new-data-keys, every company gets another data key
      too, and what it seals is sealed anew: for when a data key may have leaked; it takes three minutes at least.
      Deliveries go on. Cut off, it is run again.

The settings are those of the services: MONGODB_URI, MONGODB_DATABASE and ENCRYPTION_KEYS above all.
Exit codes: 0 done; 1 not done, or not all of it; 64 typed wrongly or impossible; 78 wrong settings.`;
