/**
 * node dist/deploy/local/with-stack.js [--production-kafka] -- <command…>
 * Runs a command against a fresh, temporary stack: starts the servers in a data folder of their own, puts their
 * addresses into the command's environment, passes its exit code on, stops and deletes everything. A signal ends the
 * command first, so that it can close its connections while the servers still answer. The servers, the command and
 * what it started also end when this process is killed, and when its own starter (run.mjs) is.
 */
import { constants } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { temporaryDataFolder } from './data-folder.js';
import { startProcessGuard } from './process-guard.js';
import { onStarterGone } from './starter-gone.js';
import { addressesOf, type Stack, startStack } from './stack.js';
import { StackError } from './stack-error.js';

const usage = 'Usage: node dist/deploy/local/with-stack.js [--production-kafka] -- <command> [arguments…]';
const exitUsage = 64;
const exitUnavailable = 69;

/** Runs the command; resolves with the exit code for this process. `productionKafka`: see StackOptions. */
async function runWithStack(command: string, args: readonly string[], productionKafka: boolean): Promise<number> {
  const interruption = new AbortController();
  const guard = startProcessGuard();
  let stack: Stack | undefined;
  let interruptedBy: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    if (interruptedBy !== undefined) return;
    interruptedBy = signal;
    interruption.abort(new Error(`interrupted by ${signal}`));
    // Ends the command and all that it started: a shell or npm in between may not pass a signal on.
    void guard.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  onStarterGone(() => interrupt('SIGTERM'));
  try {
    stack = await startStack({
      dataFolder: temporaryDataFolder(join(projectRoot(), '.data')),
      temporary: true,
      productionKafka,
      report: (line) => process.stderr.write(`${line}\n`),
      signal: interruption.signal,
    });
    const child = guard.spawn(command, args, {
      stdio: ['inherit', 'inherit', 'inherit'],
      env: { ...process.env, ...addressesOf(stack) },
      foreground: true,
    });
    const code = await new Promise<number>((resolve) =>
      child.once('exit', (exitCode, signal) => resolve(exitCode ?? exitCodeOf(signal))),
    );
    return interruptedBy === undefined ? code : exitCodeOf(interruptedBy);
  } catch (error) {
    if (interruptedBy !== undefined) return exitCodeOf(interruptedBy);
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitUnavailable;
  } finally {
    await stack?.stop();
    await guard.close();
  }
}

/** What a shell would report for a program that a signal ended. */
function exitCodeOf(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

const separator = process.argv.indexOf('--');
const options = process.argv.slice(2, Math.max(2, separator));
const [command, ...args] = separator < 0 ? [] : process.argv.slice(separator + 1);
if (command === undefined || options.some((option) => option !== '--production-kafka')) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = exitUsage;
} else {
  process.exitCode = await runWithStack(command, args, options.length > 0);
}
