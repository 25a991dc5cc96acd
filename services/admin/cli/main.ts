import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../../config/index.js';
import { connectMongo } from '../../shared/platform/mongo/connect.js';
import { assertMigrated } from '../../shared/platform/mongo/schema-version.js';
import { loadOrExit } from '../../shared/platform/process/load-or-exit.js';
import { reasonOf } from '../../shared/platform/process/reason-of.js';
import { COMMANDS, USAGE } from './commands.js';
import { UsageError } from './usage-error.js';

/** `npm run admin -- <command>`. Exit code: 0 done, 1 failed, 64 typed wrongly or impossible. */
const EXIT = { failed: 1, usage: 64 };
type OptionName = 'company' | 'name' | 'email' | 'role';

async function run(args: readonly string[]): Promise<void> {
  const { command, values } = read(args);
  const given = (name: string): string => {
    const value = values[name as OptionName];
    if (value === undefined || value.trim() === '') throw new UsageError(`--${name} is missing.\n${USAGE}`);
    return value.trim();
  };
  const config = loadOrExit(() => loadConfig());
  const mongo = await connectMongo({ ...config.mongodb, appName: 'admin-cli' });
  try {
    await assertMigrated(mongo.db);
    const keys = config.encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() }));
    const readPassword = () => (values['password-stdin'] ? firstLine() : Promise.resolve(undefined));
    await command({ db: mongo.db, keys, print: (line) => console.log(line), readPassword }, given);
  } finally {
    await mongo.close();
  }
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    company: text,
    name: text,
    email: text,
    role: text,
    'password-stdin': { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const command = COMMANDS.get(positionals[0] ?? '');
    if (command === undefined || positionals.length > 1) throw new UsageError(USAGE);
    return { command, values };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) return line;
  throw new UsageError('The standard input holds no password.');
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : `It did not succeed: ${reasonOf(error)}`);
  process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed;
}
