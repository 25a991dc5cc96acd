import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Work in a process of its own, so that it takes nothing of the event loop of whoever measures. The child gets its task
 * as its first message and answers with `{ done }` or `{ failed }`; what it sends before goes to `onNote`.
 */
export async function runInChild<T>(module: URL, task: unknown, onNote?: (note: unknown) => void): Promise<T> {
  const child = fork(fileURLToPath(module), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    return await new Promise<T>((resolve, reject) => {
      child.on('message', (message: ChildMessage<T>) => {
        if ('done' in message) resolve(message.done);
        else if ('failed' in message) reject(new Error(message.failed));
        else onNote?.(message.note);
      });
      child.once('exit', (code, signal) => reject(new Error(`${module.pathname} ended early (${code ?? signal})`)));
      child.send(task as object);
    });
  } finally {
    await ended(child);
  }
}

type ChildMessage<T> = { readonly done: T } | { readonly failed: string } | { readonly note: unknown };

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/** The child's side: takes one task, answers, ends. It ends by itself, too, when its parent is gone. */
export function serveTask<Task, T>(run: (task: Task, note: (value: unknown) => void) => Promise<T>): void {
  const send = (message: ChildMessage<T>) => process.send?.(message);
  process.once('disconnect', () => process.exit(1));
  process.once('message', (task) => {
    run(task as Task, (note) => send({ note })).then(
      (done) => send({ done }),
      (error: unknown) => send({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
}
