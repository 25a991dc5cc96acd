import { SessionStore } from '../../shared/platform/mongo/sessions.js';
import { UserStore, type User, type UserChange } from '../../shared/platform/mongo/users.js';
import type { Command, CommandContext, Given } from './command.js';
import { assertCompany } from './company-commands.js';
import { newPassword } from './new-password.js';
import { UsageError } from './usage-error.js';

/** Of people who sign in with a password: the first Owner of a company, and what can't wait for one. */
export const createUser: Command = {
  values: ['company', 'email', 'name', 'role'],
  flags: ['password-stdin'],
  run: async (context, given) => {
    const { db, print } = context;
    const [companyId, email, name] = [given.value('company'), given.value('email'), given.value('name')];
    const role = roleOf(given);
    if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new UsageError(`"${email}" is not an e-mail address.`);
    await assertCompany(db, companyId);
    const { passwordHash, tell } = await newPassword(context);
    const created = await new UserStore(db).create({ companyId, email, name, role, passwordHash }, new Date());
    if (created === 'email-taken') throw new UsageError(`A user with the e-mail ${email} exists already.`);
    print(`User ${email} (${role} of ${companyId}) was created.`);
    tell();
  },
};

export const listUsers: Command = {
  values: ['company'],
  flags: [],
  run: async ({ db, print }, given) => {
    const companyId = given.value('company');
    await assertCompany(db, companyId);
    for (const { email, name, role, disabled } of await new UserStore(db).list(companyId))
      print([email, role, disabled ? 'disabled' : 'enabled', name].join('\t'));
  },
};

export const setRole = changing(
  ['email', 'role'],
  (given) => ({ role: roleOf(given) }),
  (given) => `has the role ${roleOf(given)}`,
);

export const disableUser = changing(
  ['email'],
  () => ({ disabled: true }),
  () => 'is disabled and signed out everywhere',
);

export const enableUser = changing(
  ['email'],
  () => ({ disabled: false }),
  () => 'is enabled',
);

export const resetPassword: Command = {
  values: ['email'],
  flags: ['password-stdin'],
  run: async (context, given) => {
    const user = await userOf(context, given);
    const { passwordHash, tell } = await newPassword(context);
    await apply(context, user, { passwordHash });
    context.print(`${user.email} has a new password and is signed out everywhere.`);
    tell();
  },
};

export const revokeSessions: Command = {
  values: ['email'],
  flags: [],
  run: async (context, given) => {
    const { id, companyId, email } = await userOf(context, given);
    const ended = await new SessionStore(context.db).deleteOfUser(companyId, id);
    context.print(`${email} is signed out: ${ended === 1 ? '1 session' : `${ended} sessions`} ended.`);
  },
};

/** A change of one user, with the sentence that tells it. */
function changing(
  values: Command['values'],
  changeOf: (given: Given) => UserChange,
  sentenceOf: (given: Given) => string,
): Command {
  return {
    values,
    flags: [],
    run: async (context, given) => {
      const user = await userOf(context, given);
      await apply(context, user, changeOf(given));
      context.print(`${user.email} ${sentenceOf(given)}.`);
    },
  };
}

async function apply({ db }: CommandContext, { id, companyId, email }: User, change: UserChange): Promise<void> {
  const result = await new UserStore(db).change(companyId, id, change, new Date());
  if (result === 'unknown-user') throw new UsageError(`There is no user ${email} any more.`);
  if (result === 'last-owner')
    throw new UsageError(`${email} is the last Owner of ${companyId}: make another user its Owner first.`);
}

async function userOf({ db }: CommandContext, given: Given): Promise<User> {
  const email = given.value('email');
  const user = await new UserStore(db).findByEmail(email);
  if (user === undefined) throw new UsageError(`There is no user ${email}.`);
  return user;
}

/** In lower case, as roles are stored: an "Owner" who isn't the "owner" would be let in nowhere. */
function roleOf(given: Given): string {
  return given.value('role').toLowerCase();
}
