import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';

export type Line = Readonly<Record<string, unknown>>;

/** A tiny-service in a process of its own, with all that it logged. */
export class TinyProcess {
  readonly lines: Line[] = [];
  readonly exited: Promise<number | null>;
  stderr = '';
  readonly #child: ChildProcess;
  #waiting: { readonly event: string; readonly resolve: (line: Line) => void }[] = [];
  #rest = '';

  /** Keys are given; everything else comes from `env` alone, and the port is a free one. */
  constructor(scenario: string, env: Record<string, string> = {}) {
    const script = join(projectRoot(), 'dist/test/integration/process/tiny-service.js');
    if (!existsSync(script)) throw new Error('the project is not compiled: npm run build');
    const keys = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
    this.#child = spawn(process.execPath, [script, scenario], {
      env: { ENCRYPTION_KEYS: keys, OPS_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** The first line of the event, logged already or still to come. Rejects when the process ends without it. */
  async logged(event: string): Promise<Line> {
    const line = this.lines.find((one) => one['event'] === event);
    if (line !== undefined) return line;
    return Promise.race([
      new Promise<Line>((resolve) => this.#waiting.push({ event, resolve })),
      this.exited.then((code) => {
        throw new Error(`ended with ${code} and without ${event}: ${JSON.stringify(this.lines)} ${this.stderr}`);
      }),
    ]);
  }

  events(): readonly unknown[] {
    return this.lines.map((line) => line['event']);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it if it still lives; for afterEach. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.exited;
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      this.lines.push(line);
      for (const { event, resolve } of this.#waiting) if (event === line['event']) resolve(line);
    }
  }
}
