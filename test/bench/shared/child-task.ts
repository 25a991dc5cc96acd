import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR_ENV, EVENT_PROCESS_FLAGS } from '../../../services/shared/platform/process/start-options.js';

/**
 * Work in a process of its own, so that it takes nothing of the event loop of whoever measures. The child gets its task
 * as its first message and answers with `{ done }` or `{ failed }`. Where it comes to a break, `onBreak` is done before it
 * goes on. One whose memory is measured is started like the processes that carry events (`asService`).
 */
export async function runInChild<T>(
  module: URL,
  task: unknown,
  { onBreak = () => Promise.resolve(), asService = false }: ChildOptions = {},
): Promise<T> {
  const child = fork(fileURLToPath(module), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    ...(asService ? { execArgv: [...EVENT_PROCESS_FLAGS], env: { ...process.env, ...ALLOCATOR_ENV } } : {}),
  });
  try {
    return await new Promise<T>((resolve, reject) => {
      child.on('message', (message: ChildMessage<T>) => {
        if ('done' in message) resolve(message.done);
        else if ('failed' in message) reject(new Error(message.failed));
        else onBreak().then(() => child.send('go on'), reject);
      });
      child.once('exit', (code, signal) => reject(new Error(`${module.pathname} ended early (${code ?? signal})`)));
      child.send(task as object);
    });
  } finally {
    await ended(child);
  }
}

interface ChildOptions {
  readonly onBreak?: (() => Promise<void>) | undefined;
  readonly asService?: boolean;
}

type ChildMessage<T> = { readonly done: T } | { readonly failed: string } | { readonly break: true };

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/**
 * The child's side: takes one task, answers, ends. It ends by itself, too, when its parent is gone. `takeBreak` resolves
 * when the parent has done what it does in between.
 */
export function serveTask<Task, T>(run: (task: Task, takeBreak: () => Promise<void>) => Promise<T>): void {
  const send = (message: ChildMessage<T>) => process.send?.(message);
  const takeBreak = (): Promise<void> => {
    const goneOn = new Promise<void>((resolve) => process.once('message', () => resolve()));
    send({ break: true });
    return goneOn;
  };
  process.once('disconnect', () => process.exit(1));
  process.once('message', (task) => {
    run(task as Task, takeBreak).then(
      (done) => send({ done }),
      (error: unknown) => send({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
}
