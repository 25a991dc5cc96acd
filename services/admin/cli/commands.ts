import type { openMongo } from '../../shared/platform/process/open-mongo.js';
import { randomBytes } from 'node:crypto';
import type { KeyEncryptionKey } from '../../shared/platform/crypto/key-ring.js';
import { ApiTokenStore } from '../../shared/platform/mongo/api-tokens.js';
import { AuditLog } from '../../shared/platform/mongo/audit-log.js';
import { CompanyStore } from '../../shared/platform/mongo/companies.js';
import { rotateDataKeys } from '../../shared/platform/mongo/rotate-data-keys.js';
import { SessionStore } from '../../shared/platform/mongo/sessions.js';
import { UserStore, type User, type UserChange } from '../../shared/platform/mongo/users.js';
import { newToken, prefixOf } from '../api/identity/api-token.js';
import { createPasswords } from '../api/identity/passwords.js';
import { UsageError } from './usage-error.js';

/**
 * What an operator does from a terminal: the first Owner of a company, and what can't wait for one.
 * Passwords and tokens are printed once and never taken from the command line, where others could read them.
 */
export interface CommandContext {
  readonly db: Awaited<ReturnType<typeof openMongo>>;
  readonly keys: readonly KeyEncryptionKey[];
  readonly print: (line: string) => void;
  /** The password that the operator types; undefined to generate one. */
  readonly readPassword: () => Promise<string | undefined>;
}

/** A value of the command line by its name. @throws UsageError when it is missing */
export type Given = (name: string) => string;

export type Command = (context: CommandContext, given: Given) => Promise<void>;

const MIN_PASSWORD_LENGTH = 12;
const TOKEN_DAYS_MS = 90 * 24 * 3_600_000;

async function createCompany({ db, print }: CommandContext, given: Given): Promise<void> {
  const [id, name] = [given('company'), given('name')];
  if ((await new CompanyStore(db).create(id, name, new Date())) === 'exists')
    throw new UsageError(`Company ${id} has a name already.`);
  print(`Company ${id} (${name}) was created.`);
}

async function createUser(context: CommandContext, given: Given): Promise<void> {
  const { db, print } = context;
  const [companyId, email, name, role] = [given('company'), given('email'), given('name'), given('role')];
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new UsageError(`"${email}" is not an e-mail address.`);
  if (!(await new CompanyStore(db).exists(companyId)))
    throw new UsageError(`There is no company ${companyId}: create it first with create-company.`);
  const { password, passwordHash } = await newPassword(context);
  const created = await new UserStore(db).create({ companyId, email, name, role, passwordHash }, new Date());
  if (created === 'email-taken') throw new UsageError(`A user with the e-mail ${email} exists already.`);
  print(`User ${email} (${role} of ${companyId}) was created.`);
  if (password !== undefined) print(`Password, shown this once: ${password}`);
}

async function listUsers({ db, print }: CommandContext, given: Given): Promise<void> {
  for (const { email, name, role, disabled } of await new UserStore(db).list(given('company')))
    print([email, role, disabled ? 'disabled' : 'enabled', name].join('\t'));
}

async function resetPassword(context: CommandContext, given: Given): Promise<void> {
  const { id, companyId, email } = await userOf(context, given);
  const { password, passwordHash } = await newPassword(context);
  await new UserStore(context.db).change(companyId, id, { passwordHash }, new Date());
  context.print(`${email} has a new password and is signed out everywhere.`);
  if (password !== undefined) context.print(`Password, shown this once: ${password}`);
}

async function revokeSessions(context: CommandContext, given: Given): Promise<void> {
  const { id, companyId, email } = await userOf(context, given);
  const ended = await new SessionStore(context.db).deleteOfUser(companyId, id);
  context.print(`${email} is signed out: ${ended} sessions ended.`);
}

async function createToken({ db, print }: CommandContext, given: Given): Promise<void> {
  const [companyId, name] = [given('company'), given('name')];
  if (!(await new CompanyStore(db).exists(companyId))) throw new UsageError(`There is no company ${companyId}.`);
  const { id, hash, token } = newToken();
  const now = new Date();
  const expiresAt = new Date(now.getTime() + TOKEN_DAYS_MS);
  const actor = { kind: 'user', id: 'operator', name: 'Operator' } as const;
  const stored = { id, companyId, hash, name, createdBy: actor.name, createdAt: now, expiresAt, lastUsedAt: null };
  const after = { id: prefixOf(id), name, expiresAt: expiresAt.toISOString() };
  const entry = { companyId, at: now, actor, action: 'token.created', webhookId: null, before: null, after };
  const requestId = `cli_${randomBytes(9).toString('base64url')}`;
  const audit = new AuditLog(db);
  const result = await new ApiTokenStore(db).create(stored, (options) =>
    audit.record({ ...entry, requestId }, options),
  );
  if (result === 'full') throw new UsageError(`Company ${companyId} has 20 API tokens: one must be revoked first.`);
  print(`Token, shown this once: ${token}`);
}

async function rotateKeys({ db, keys, print }: CommandContext): Promise<void> {
  const onProgress = (rewrapped: number): void => print(`${rewrapped} data keys rewrapped`);
  const { rewrapped, overtaken, failed } = await rotateDataKeys({ db, keys, onProgress });
  for (const { companyId, reason } of failed) print(`${companyId}: ${reason}`);
  if (failed.length + overtaken > 0)
    throw new UsageError(`${failed.length} data keys could not be rewrapped, ${overtaken} changed meanwhile.`);
  print(`Done: ${rewrapped} rewrapped; every data key is under "${keys[0]?.kid ?? ''}".`);
}

/** A change of one user, with the sentence that tells it. */
function change(changeOf: (given: Given) => UserChange, sentence: string): Command {
  return async (context, given) => {
    const { id, companyId, email } = await userOf(context, given);
    const result = await new UserStore(context.db).change(companyId, id, changeOf(given), new Date());
    if (result === 'last-owner')
      throw new UsageError(`${email} is the last Owner of ${companyId}: make another user its Owner first.`);
    context.print(`${email} ${sentence}.`);
  };
}

async function userOf({ db }: CommandContext, given: Given): Promise<User> {
  const user = await new UserStore(db).findByEmail(given('email'));
  if (user === undefined) throw new UsageError(`There is no user ${given('email')}.`);
  return user;
}

async function newPassword({ readPassword }: CommandContext): Promise<{ password?: string; passwordHash: string }> {
  const typed = await readPassword();
  if (typed !== undefined && typed.length < MIN_PASSWORD_LENGTH)
    throw new UsageError(`A password has at least ${MIN_PASSWORD_LENGTH} characters.`);
  const password = typed ?? randomBytes(15).toString('base64url');
  const passwordHash = await (await createPasswords()).hash(password);
  return typed === undefined ? { password, passwordHash } : { passwordHash };
}

export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['create-company', createCompany],
  ['create-user', createUser],
  ['list-users', listUsers],
  ['set-role', change((given) => ({ role: given('role') }), 'has another role')],
  ['disable-user', change(() => ({ disabled: true }), 'is disabled and signed out everywhere')],
  ['enable-user', change(() => ({ disabled: false }), 'is enabled')],
  ['reset-password', resetPassword],
  ['revoke-sessions', revokeSessions],
  ['create-token', createToken],
  ['rotate-keys', rotateKeys],
]);

export const USAGE = `Usage: npm run admin -- <command> [options]
  create-company  --company <id> --name <name>
  create-user     --company <id> --email <e-mail> --name <name> --role <owner|admin|…> [--password-stdin]
  list-users      --company <id>
  set-role        --email <e-mail> --role <owner|admin|…>
  disable-user    --email <e-mail>
  enable-user     --email <e-mail>
  reset-password  --email <e-mail> [--password-stdin]
  revoke-sessions --email <e-mail>
  create-token    --company <id> --name <name>
  rotate-keys     puts all data keys under the first of ENCRYPTION_KEYS. Every process must know the new key and
                  the old one before; the old one goes out of the settings after. Cut off, it is run again.
A password is generated and printed once, or with --password-stdin read as one line from the standard input.`;
