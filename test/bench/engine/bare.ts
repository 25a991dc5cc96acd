import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BareTask } from './bare-task.js';

/** The bare loop as a process of its own, like the service that it is compared with. */
export class Bare {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when it has partitions. */
  static async start(task: BareTask, env: Readonly<Record<string, string>>): Promise<Bare> {
    const module = fileURLToPath(new URL('./bare-process.js', import.meta.url));
    const child = fork(module, { execArgv: [], env: { PATH: process.env['PATH'] ?? '', ...env } });
    const joined = once(child, 'message');
    child.send(task);
    await joined;
    return new Bare(child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
