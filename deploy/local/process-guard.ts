/**
 * Starts processes that can't outlive this one. A small shell process (process-guard.sh, about 1 MB) holds a pipe
 * from us; when the pipe closes it ends every process that registered. The kernel closes the pipe however we go, so
 * kill -9 and a crash leave as little behind as a clean stop. A child writes its own process id into the pipe before
 * it becomes the server (`exec`): if we die in between, the child still holds the pipe open, so the guard hears of
 * it first and ends it then. PR_SET_PDEATHSIG would be shorter, but only Linux has it and Node doesn't offer it.
 * Guard and servers live in sessions of their own, so a Ctrl-C reaches only us and the stop keeps its order.
 */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';

/** Seconds between SIGTERM and SIGKILL, once the owner is gone. */
const graceSeconds = 8;
const registerThenBecome = 'echo "+ $$" >&3 && exec "$@" 3>&-';

export interface GuardedSpawnOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input, output and error. */
  readonly stdio: ['ignore' | 'inherit' | 'pipe', 'inherit' | 'pipe' | number, 'inherit' | 'pipe' | number];
  /** True for what must stay in the terminal's foreground group: a test runner that reads keys, say. */
  readonly foreground?: boolean;
}

export interface ProcessGuard {
  readonly pid: number;
  /**
   * Starts a program. One that doesn't exist ends with exit code 127, like in a shell. Throws if the guard has
   * ended: nothing would end the program.
   */
  spawn(command: string, args: readonly string[], options: GuardedSpawnOptions): ChildProcess;
  /** Has Docker's containers with this label removed at the end, too. */
  removeContainers(label: string): void;
  /** Ends what is still running; resolves when nothing is left, at most some seconds later. */
  close(): Promise<void>;
}

/** Starts the guard process. It ends by itself when this process does. */
export function startProcessGuard(): ProcessGuard {
  const script = join(projectRoot(), 'deploy', 'local', 'process-guard.sh');
  const guard = spawn('/bin/sh', [script, String(graceSeconds)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = once(guard, 'exit');
  // A guard that was killed from outside must not kill us by EPIPE; the servers then still end by our own stop.
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return {
    pid: guard.pid ?? 0,
    spawn(command, args, { cwd, env, stdio, foreground = false }) {
      if (guard.stdin.writableEnded || guard.stdin.destroyed) throw new Error('the process guard has ended');
      const child = spawn('/bin/sh', ['-c', registerThenBecome, 'sh', command, ...args], {
        stdio: [...stdio, guard.stdin] as StdioOptions,
        detached: !foreground,
        ...(cwd === undefined ? {} : { cwd }),
        ...(env === undefined ? {} : { env }),
      });
      child.once('exit', () => guard.stdin.write(`- ${child.pid}\n`));
      return child;
    },
    removeContainers(label) {
      guard.stdin.write(`containers ${label}\n`);
    },
    async close() {
      guard.ref();
      guard.stdin.end();
      await ended;
    },
  };
}
