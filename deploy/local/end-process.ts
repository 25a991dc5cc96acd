import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Ends a child process: SIGTERM, and SIGKILL if it is still there after `graceMs` milliseconds.
 * Resolves when it has ended; at once if it already had.
 */
export async function endProcess(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(force);
}
