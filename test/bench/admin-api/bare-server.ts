import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server of the bare minimum, as a process of its own: what the API is compared with. */
export interface BareServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startBareServer(task: { readonly uri: string; readonly database: string }): Promise<BareServer> {
  const module = fileURLToPath(new URL('./bare-process.js', import.meta.url));
  const child = fork(module, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  child.send(task);
  const [port] = (await Promise.race([once(child, 'message'), ended.then(() => [undefined])])) as [number | undefined];
  if (port === undefined) throw new Error('the bare server did not start');
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
