import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPasswords } from '../../../services/admin/api/identity/passwords.js';
import { COMMANDS } from '../../../services/admin/cli/commands.js';
import { ApiTokenStore } from '../../../services/shared/platform/mongo/api-tokens.js';
import {
  RENEWAL_GRACE_MS,
  renewDataKeys,
  type RenewalProgress,
} from '../../../services/shared/platform/mongo/renew-data-keys.js';
import { SessionStore } from '../../../services/shared/platform/mongo/sessions.js';
import { UserStore } from '../../../services/shared/platform/mongo/users.js';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import { testVault } from '../mongo/fixtures.js';
import { mongoUri, openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

/**
 * `npm run admin`, the compiled program as an operator starts it: what it answers, what it changes, and its exit codes:
 * 0 done, 1 not done or not all of it, 64 typed wrongly or impossible, 78 wrong settings.
 */
const KEYS = [
  { kid: 'new', key: randomBytes(32) },
  { kid: 'old', key: randomBytes(32) },
];
const TYPED = 'a password of several words';

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** What every user of the machine can see of the running process. */
  readonly argv: string;
}

let database: TestDatabase;

// Each run is a process of its own, and some tests have several.
jest.setTimeout(60_000);

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.end());

function env(overrides: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    MONGODB_URI: mongoUri(),
    MONGODB_DATABASE: database.name,
    ENCRYPTION_KEYS: KEYS.map(({ kid, key }) => `${kid}:${key.toString('base64')}`).join(),
    ...overrides,
  };
}

interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const program = join(projectRoot(), 'dist', 'services', 'admin', 'cli', 'main.js');
  const child = spawn(process.execPath, [program, ...args], { env: env(options.env), stdio: 'pipe' });
  let [out, err, argv] = ['', '', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.once('spawn', () => (argv = readFileSync(`/proc/${child.pid ?? 0}/cmdline`, 'utf8')));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err, argv })));
}

async function done(args: readonly string[], options?: RunOptions): Promise<Run> {
  const result = await run(args, options);
  if (result.code !== 0) throw new Error(`${args[0] ?? ''} ended with ${result.code ?? ''}: ${result.err}`);
  return result;
}

const users = () => new UserStore(database.db);
const createUser = (company: string, email: string, role: string, options?: RunOptions): Promise<Run> =>
  done(
    [
      ...['create-user', '--company', company, '--email', email, '--name', 'Someone', '--role', role],
      ...(options?.stdin === undefined ? [] : ['--password-stdin']),
    ],
    options,
  );
const hashOf = async (email: string) => (await users().findByEmail(email))?.passwordHash ?? '';
const isPassword = async (email: string, password: string) =>
  (await createPasswords()).verify(await hashOf(email), password);

async function company(id: string): Promise<string> {
  await done(['create-company', '--company', id, '--name', `${id} Ltd.`]);
  return id;
}

describe('the command line', () => {
  test('with --help prints the help and is a success, without any setting', async () => {
    const { code, out, err } = await run(['--help'], { env: { ENCRYPTION_KEYS: '', MONGODB_URI: '' } });
    expect([code, err]).toEqual([0, '']);
    for (const name of [...COMMANDS.keys(), '--password-stdin', 'Exit codes']) expect(out).toContain(name);
  });

  test('that is wrong is told in a sentence, with exit code 64, before any setting is looked at', async () => {
    const { code, out, err } = await run(['create-company', '--company', 'co'], { env: { ENCRYPTION_KEYS: '' } });
    expect([code, out]).toEqual([64, '']);
    expect(err).toBe('create-company misses --name. npm run admin -- --help tells more.\n');
  });
});

describe('the settings', () => {
  test('that are wrong are told, with exit code 78', async () => {
    const { code, err } = await run(['list-users', '--company', 'co'], { env: { ENCRYPTION_KEYS: 'canary-77' } });
    expect(code).toBe(78);
    expect(err).toContain('ENCRYPTION_KEYS');
    expect(err).not.toContain('canary-77');
  });

  test('of a database that was not prepared are told, with exit code 78', async () => {
    const { code, err } = await run(['list-users', '--company', 'co'], { env: { MONGODB_DATABASE: 'test_none' } });
    expect([code, err]).toEqual([78, expect.stringContaining('run npm run migrate')]);
  });

  test('of a MongoDB that is away end it with 1 and its reason, without its password', async () => {
    const away = { MONGODB_URI: 'mongodb://someone:canary-78@127.0.0.1:1/?replicaSet=rs0' };
    const { code, err } = await run(['list-users', '--company', 'co'], { env: away });
    expect([code, err]).toEqual([1, expect.stringContaining('It did not succeed: mongodb')]);
    expect(err).not.toContain('canary-78');
  });
});

describe('companies', () => {
  test('a company is created once', async () => {
    const args = ['create-company', '--company', 'co_once', '--name', 'Once Ltd.'];
    expect((await done(args)).out).toBe('Company co_once (Once Ltd.) was created.\n');
    expect(await run(args)).toMatchObject({ code: 64, out: '', err: 'Company co_once has a name already.\n' });
  });

  test('an API token is printed once, is stored as its hash, and stands in the audit log', async () => {
    const companyId = await company('co_token');
    const { out, err, argv } = await done(['create-token', '--company', companyId, '--name', 'robot']);
    const token = /^Token, shown this once and valid until \d{4}-\d\d-\d\d: (\S+)\n$/.exec(out)?.[1] ?? '';
    expect(token).toMatch(/.{40,}/);
    expect(err + argv).not.toContain(token);
    expect(await everything()).not.toContain(token);
    expect(await new ApiTokenStore(database.db).list(companyId, new Date())).toMatchObject([{ name: 'robot' }]);
    const entry = await database.db.collection('audit_log').findOne({ companyId });
    expect(entry).toMatchObject({ action: 'token.created', actor: { id: 'operator' } });
  });

  test('the twenty-first API token is refused', async () => {
    const companyId = await company('co_tokens');
    const store = new ApiTokenStore(database.db);
    const at = { createdAt: new Date(), expiresAt: new Date(Date.now() + 3_600_000), lastUsedAt: null };
    for (let n = 0; n < 20; n += 1) {
      const token = { ...at, id: `t_${n}`, companyId, hash: 'h'.repeat(43), name: 'x', createdBy: 'x' };
      await store.create(token, () => Promise.resolve());
    }
    const { code, err } = await run(['create-token', '--company', companyId, '--name', 'robot']);
    expect([code, err]).toEqual([64, expect.stringContaining('has 20 API tokens')]);
  });
});

describe('users', () => {
  test('a generated password is printed once and is the one that signs in', async () => {
    await company('co_users');
    const { out, err, argv } = await createUser('co_users', 'Ann@Example.com', 'Owner');
    expect(out).toContain('User Ann@Example.com (owner of co_users) was created.');
    const password = /^Password, shown this once: (\S{20})$/m.exec(out)?.[1] ?? '';
    expect(await isPassword('ann@example.com', password)).toBe(true);
    expect(err + argv).not.toContain(password);
    expect(await everything()).not.toContain(password);
  });

  test('a password from the standard input is taken without its line break and printed nowhere', async () => {
    const { out, err, argv } = await createUser('co_users', 'bob@example.com', 'admin', { stdin: `${TYPED}\r\n` });
    expect(await isPassword('bob@example.com', TYPED)).toBe(true);
    expect(out + err + argv).not.toContain(TYPED);
    expect(out).not.toContain('Password');
    expect(await everything()).not.toContain(TYPED);
  });

  test.each([
    ['is empty', '', 'The standard input holds no password.'],
    ['is too short', 'short\n', 'A password has at least 12 characters.'],
  ])('nobody is created when the standard input %s', async (_, stdin, sentence) => {
    const args = ['--company', 'co_users', '--email', 'none@example.com', '--name', 'N', '--role', 'admin'];
    expect(await run(['create-user', ...args, '--password-stdin'], { stdin })).toMatchObject({
      ...{ code: 64, out: '', err: `${sentence}\n` },
    });
    expect(await users().findByEmail('none@example.com')).toBeUndefined();
  });

  test('an e-mail address is taken once, whatever its case', async () => {
    await company('co_other');
    const args = ['--company', 'co_other', '--email', 'ANN@example.com', '--name', 'A', '--role', 'owner'];
    const { code, err, out } = await run(['create-user', ...args]);
    expect([code, out, err]).toEqual([64, '', 'A user with the e-mail ANN@example.com exists already.\n']);
  });

  test('the list shows them, with role and state', async () => {
    await done(['disable-user', '--email', 'bob@example.com']);
    const { out } = await done(['list-users', '--company', 'co_users']);
    expect(out.trim().split('\n').sort()).toEqual([
      'ann@example.com\towner\tenabled\tSomeone',
      'bob@example.com\tadmin\tdisabled\tSomeone',
    ]);
    await done(['enable-user', '--email', 'bob@example.com']);
    expect((await users().findByEmail('bob@example.com'))?.disabled).toBe(false);
  });

  test('the last Owner stays one, until there is another', async () => {
    for (const args of [
      ['set-role', '--email', 'ann@example.com', '--role', 'admin'],
      ['disable-user', '--email', 'ann@example.com'],
    ]) {
      const { code, err } = await run(args);
      expect([code, err]).toEqual([
        64,
        'ann@example.com is the last Owner of co_users: make another user its Owner first.\n',
      ]);
    }
    await done(['set-role', '--email', 'bob@example.com', '--role', 'OWNER']);
    const { out } = await done(['set-role', '--email', 'ann@example.com', '--role', 'admin']);
    expect(out).toBe('ann@example.com has the role admin.\n');
  });

  test('a reset password ends every session; so does revoke-sessions', async () => {
    const user = await users().findByEmail('ann@example.com');
    if (user === undefined) throw new Error('there is no user');
    const sessions = new SessionStore(database.db);
    const { id: userId, companyId } = user;
    const signIn = () => sessions.create(companyId, userId, new Date(), new Date(Date.now() + 3_600_000));
    const count = () => database.db.collection('sessions').countDocuments({ companyId, userId });
    await signIn();
    const reset = ['reset-password', '--email', 'ann@example.com', '--password-stdin'];
    const { out } = await done(reset, { stdin: `${TYPED} anew` });
    expect(out).toBe('ann@example.com has a new password and is signed out everywhere.\n');
    expect([await isPassword('ann@example.com', `${TYPED} anew`), await count()]).toEqual([true, 0]);
    await signIn();
    const revoked = await done(['revoke-sessions', '--email', 'ann@example.com']);
    expect([revoked.out, await count()]).toEqual(['ann@example.com is signed out: 1 session ended.\n', 0]);
  });

  test.each([
    ['create-user', ['--company', 'co_x', '--email', 'a@b.c', '--name', 'A', '--role', 'owner'], 'no company co_x'],
    ['list-users', ['--company', 'co_x'], 'no company co_x'],
    ['create-token', ['--company', 'co_x', '--name', 'robot'], 'no company co_x'],
    ['set-role', ['--email', 'nobody@b.c', '--role', 'owner'], 'no user nobody@b.c'],
    ['disable-user', ['--email', 'nobody@b.c'], 'no user nobody@b.c'],
    ['enable-user', ['--email', 'nobody@b.c'], 'no user nobody@b.c'],
    ['reset-password', ['--email', 'nobody@b.c'], 'no user nobody@b.c'],
    ['revoke-sessions', ['--email', 'nobody@b.c'], 'no user nobody@b.c'],
    ['create-user', ['--company', 'co_users', '--email', 'a b', '--name', 'A', '--role', 'x'], 'not an e-mail address'],
  ])('%s %j is impossible and changes nothing', async (command, args, sentence) => {
    const before = await everything();
    const { code, out, err } = await run([command, ...args]);
    expect([code, out]).toEqual([64, '']);
    expect(err).toContain(sentence);
    expect(await everything()).toBe(before);
  });
});

describe('rotate-keys', () => {
  const [, old] = KEYS as [(typeof KEYS)[number], (typeof KEYS)[number]];

  test('puts data keys under the first key, tells how many, and does nothing the second time', async () => {
    const vault = testVault(database.db, [old]);
    for (const id of ['co_k1', 'co_k2']) await vault.seal(id, 'wh', 'f', 'text');
    const { out } = await done(['rotate-keys']);
    expect(out).toContain('Done: 2 rewrapped; every data key is under "new".');
    expect((await done(['rotate-keys'])).out).toContain('Done: 0 rewrapped');
  });

  test('--new-data-keys goes on with a renewal that was cut off while it waited', async () => {
    const stop = ({ step }: RenewalProgress) => {
      if (step === 'waiting') throw new Error('cut off');
    };
    const companies = database.db.collection<{ _id: string }>('companies');
    const cut = renewDataKeys({ db: database.db, keys: KEYS, onProgress: stop });
    await expect(cut).rejects.toThrow('cut off');
    const renewed = await companies.countDocuments({ previousDataKey: { $exists: true } });
    expect(renewed).toBeGreaterThanOrEqual(2);
    // Long enough ago for every process to have looked again.
    await companies.updateMany({}, [{ $set: { dataKeyRenewedAt: { $subtract: ['$$NOW', RENEWAL_GRACE_MS] } } }]);
    await database.db.collection('key_renewals').updateOne({}, { $set: { startedAt: new Date(0) } });
    const { out } = await done(['rotate-keys', '--new-data-keys']);
    expect(out).toContain(
      `Done: 0 data keys renewed, 0 webhooks and digests sealed anew, ${renewed} old keys dropped.`,
    );
    expect(await companies.countDocuments({ previousDataKey: { $exists: true } })).toBe(0);
  });

  test('ends with 1 and names the company whose data key is under a key that is not configured', async () => {
    await testVault(database.db, [{ kid: 'lost', key: randomBytes(32) }]).seal('co_lost', 'wh', 'f', 'text');
    const { code, out, err } = await run(['rotate-keys']);
    expect(code).toBe(1);
    expect(out).toContain('co_lost: key-encryption key "lost" is not configured; configured are: new, old');
    expect(err).toContain('1 could not be, 0 changed meanwhile: run it again.');
    for (const { key } of KEYS) expect(out + err).not.toContain(key.toString('base64'));
    await database.db.collection<{ _id: string }>('companies').deleteOne({ _id: 'co_lost' });
  });
});

/** All that the database holds, as text. */
async function everything(): Promise<string> {
  const names = (await database.db.listCollections().toArray()).map(({ name }) => name).sort();
  const documents = names.map((name) => database.db.collection(name).find().sort({ _id: 1 }).toArray());
  return JSON.stringify(await Promise.all(documents));
}
