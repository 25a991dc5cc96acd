import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import { ALLOCATOR_ENV } from '../../../services/shared/platform/process/start-options.js';

export interface ServiceOptions {
  /** The folder of the service. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
}

const READY_MS = 60_000;

/** A compiled service, as in production; its log goes to a file, so that nobody spends time on reading it. */
export class Service {
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(child: ChildProcess, logFile: string) {
    this.#child = child;
    this.#logFile = logFile;
  }

  /** Resolves when it runs; whether it is a member of its group by then, `ready` tells. */
  static async start({ name, env, logFile, args = [], nodeOptions = [] }: ServiceOptions): Promise<Service> {
    const log = await open(logFile, 'w');
    const entry = join(projectRoot(), 'dist', 'services', name, 'main.js');
    const child = spawn(process.execPath, [...nodeOptions, entry, ...args], {
      env: { ...ALLOCATOR_ENV, PATH: process.env['PATH'] ?? '', OPS_PORT: '0', ADMIN_PORT: '0', ...env },
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    return new Service(child, logFile);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(): Promise<this> {
    const deadline = performance.now() + READY_MS;
    while (performance.now() < deadline && this.#child.exitCode === null) {
      const port = /"event":"ops\.listening".*"port":(\d+)/.exec(await this.#log())?.[1];
      const answer = port === undefined ? undefined : await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      if (answer?.ok === true) return this;
      await pause(50);
    }
    throw new Error(`it did not become ready:\n${(await this.#log()).slice(-2_000)}`);
  }

  /** How often it logged what, and its last line: for whoever asks why nothing goes on. */
  async describe(): Promise<string> {
    const lines = (await readFile(this.#logFile, 'utf8')).trimEnd().split('\n');
    const counts = new Map<string, number>();
    for (const line of lines) {
      const [, event = ''] = /"event":"([^"]+)"/.exec(line) ?? [];
      const [, outcome = ''] = /"outcome":"([^"]+)"/.exec(line) ?? [];
      const key = `${event} ${outcome}`.trim();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...[...counts].map(([key, count]) => `${count} × ${key}`), lines.at(-1) ?? ''].join('\n');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }

  /** Its first part is enough: the log of a delivery process grows by megabytes a second. */
  async #log(): Promise<string> {
    const file = await open(this.#logFile, 'r');
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(65_536) });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
