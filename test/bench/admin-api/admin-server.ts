import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import { ALLOCATOR_ENV } from '../../../services/shared/platform/process/start-options.js';

/** The compiled admin process, as in production; its log goes to a file, so that nobody spends time on reading it. */
export interface AdminServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_MS = 30_000;

export async function startAdminServer(
  env: Readonly<Record<string, string>>,
  logFile: string,
  nodeOptions: readonly string[] = [],
): Promise<AdminServer> {
  const log = await open(logFile, 'w');
  const entry = join(projectRoot(), 'dist', 'services', 'admin', 'main.js');
  const child = spawn(process.execPath, [...nodeOptions, entry], {
    env: { ...ALLOCATOR_ENV, PATH: process.env['PATH'] ?? '', OPS_PORT: '0', ADMIN_PORT: '0', ...env },
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const port = /"event":"api\.listening".*"port":(\d+)/.exec(await readFile(logFile, 'utf8'))?.[1];
    if (port !== undefined) return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop };
    await pause(50);
  }
  await stop();
  throw new Error(`the admin process did not start:\n${await readFile(logFile, 'utf8')}`);
}
