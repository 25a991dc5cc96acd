import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR_ENV, EVENT_PROCESS_FLAGS } from '../../../services/shared/platform/process/start-options.js';
import type { BareTask } from './bare-task.js';

/** The bare loop as a process of its own, started with the flags and the allocator's setting of those it is compared with. */
export class Bare {
  /** Resolves when it has partitions. */
  readonly joined: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor(task: BareTask, env: Readonly<Record<string, string>>) {
    const module = fileURLToPath(new URL('./bare-process.js', import.meta.url));
    this.#child = fork(module, {
      execArgv: [...EVENT_PROCESS_FLAGS],
      env: { ...ALLOCATOR_ENV, PATH: process.env['PATH'] ?? '', ...env },
    });
    this.joined = once(this.#child, 'message');
    this.#child.send(task);
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
