import { loadConfig } from '../../../config/index.js';
import { connectMongo } from '../../shared/platform/mongo/connect.js';
import { assertMigrated } from '../../shared/platform/mongo/schema-version.js';
import { EXIT_CONFIG, faultsOf, loadOrExit } from '../../shared/platform/process/load-or-exit.js';
import { reasonOf } from '../../shared/platform/process/reason-of.js';
import { readCommandLine } from './command-line.js';
import type { Given } from './command.js';
import { USAGE } from './commands.js';
import { IncompleteError } from './incomplete-error.js';
import { askHidden, firstLine } from './read-password.js';
import { UsageError } from './usage-error.js';

/** `npm run admin -- <command>`: reads the command line, opens MongoDB, runs the command; its end is the exit code. */
const EXIT = { failed: 1, usage: 64 };
const QUESTION = 'New password (empty: one is generated): ';

async function run(args: readonly string[]): Promise<void> {
  const line = readCommandLine(args);
  if (line.kind === 'help') {
    console.log(USAGE);
    return;
  }
  const config = loadOrExit(() => loadConfig());
  const mongo = await connectMongo({ ...config.mongodb, appName: 'admin-cli' });
  try {
    await assertMigrated(mongo.db);
    const keys = config.encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() }));
    const print = (text: string) => console.log(text);
    await line.command.run({ db: mongo.db, keys, print, readPassword: () => readPassword(line.given) }, line.given);
  } finally {
    await mongo.close();
  }
}

async function readPassword(given: Given): Promise<string | undefined> {
  if (given.has('password-stdin')) return firstLine(process.stdin);
  return process.stdin.isTTY ? askHidden(QUESTION, process.stdin, process.stderr) : undefined;
}

function report(error: unknown): number {
  if (error instanceof UsageError || error instanceof IncompleteError) {
    console.error(error.message);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  const faults = faultsOf(error);
  console.error(faults?.join('\n') ?? `It did not succeed: ${reasonOf(error)}`);
  return faults === undefined ? EXIT.failed : EXIT_CONFIG;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
