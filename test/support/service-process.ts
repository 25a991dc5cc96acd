import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { ALLOCATOR_ENV } from '../../services/shared/platform/process/start-options.js';

/** A line of a service's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event?: string };

/**
 * One of the services as a process of its own, from dist/, as it runs in production. Its log is kept; waits look at it
 * whenever a line comes. The test that starts it ends it.
 */
export class ServiceProcess {
  readonly name: string;
  readonly lines: LogLine[] = [];
  readonly raw: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | string>;
  #listeners: (() => void)[] = [];
  #opsUrl: string | undefined;

  constructor(name: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
    this.name = name;
    const entry = join(projectRoot(), 'dist', 'services', name, 'main.js');
    this.#child = spawn(process.execPath, ['--enable-source-maps', entry, ...args], {
      env: { ...ALLOCATOR_ENV, PATH: process.env['PATH'] ?? '', OPS_PORT: '0', ADMIN_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = new Promise((resolve) => this.#child.once('exit', (code, signal) => resolve(code ?? signal ?? 0)));
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#take(line));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Exit code, or the name of the signal that ended it. */
  get exited(): Promise<number | string> {
    return this.#exited;
  }

  /** Whether it still runs. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async logged(predicate: (line: LogLine) => boolean, timeoutMs = 60_000): Promise<LogLine> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.lines.find(predicate);
      if (found !== undefined) return found;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0 || !this.running)
        throw new Error(`${this.name} did not log it:\n${this.raw.slice(-20).join('\n')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 1_000));
        this.#listeners.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Base address of its ops server. */
  async opsUrl(): Promise<string> {
    if (this.#opsUrl === undefined) {
      const line = await this.logged(({ event }) => event === 'ops.listening');
      this.#opsUrl = `http://127.0.0.1:${String(line['port'])}`;
    }
    return this.#opsUrl;
  }

  /** Forgets what was logged so far, for runs too long to be kept in memory. */
  forget(): void {
    this.lines.length = 0;
    this.raw.length = 0;
  }

  /** Whether /readyz answers 200 now. */
  async isReady(): Promise<boolean> {
    const url = `${await this.opsUrl()}/readyz`;
    return (await fetch(url).catch(() => undefined))?.ok === true;
  }

  /** Waits until /readyz answers 200. */
  async ready(timeoutMs = 60_000): Promise<void> {
    await this.untilReady(true, timeoutMs);
  }

  async untilReady(wanted: boolean, timeoutMs = 60_000): Promise<void> {
    const url = `${await this.opsUrl()}/readyz`;
    const deadline = Date.now() + timeoutMs;
    let last = '';
    while (Date.now() < deadline) {
      const response = await fetch(url).catch(() => undefined);
      last = (await response?.text()) ?? 'no answer';
      if (response !== undefined && response.ok === wanted) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${this.name} did not become ${wanted ? 'ready' : 'unready'}: ${last}`);
  }

  async metric(name: string): Promise<string> {
    const text = await (await fetch(`${await this.opsUrl()}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(name))
      .join('\n');
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | string> {
    if (this.running) this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 40_000);
    const code = await this.#exited;
    clearTimeout(late);
    return code;
  }

  #take(text: string): void {
    this.raw.push(text);
    try {
      this.lines.push(JSON.parse(text) as LogLine);
    } catch {
      // Not a log line: kept in `raw`.
    }
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}
