import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SickMode, SinkCommand, SinkCount, SinkNotes, SinkTask } from './sink-protocol.js';

/** The receiver, as a process of its own. Commands go one after the other. */
export class Sink {
  readonly ports: readonly number[];
  readonly #child: ChildProcess;
  readonly #tls: boolean;
  readonly #gone: Promise<never>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess, ports: readonly number[], tls: boolean) {
    this.#child = child;
    this.ports = ports;
    this.#tls = tls;
    this.#gone = once(child, 'exit').then(() => Promise.reject(new Error('the sink ended')));
    this.#gone.catch(() => undefined);
  }

  static async start(task: SinkTask): Promise<Sink> {
    const child = fork(fileURLToPath(new URL('./sink-process.js', import.meta.url)), { execArgv: [] });
    child.send(task);
    const [ports] = (await once(child, 'message')) as [number[]];
    return new Sink(child, ports, task.tls !== undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The address of a path at the port of webhook number `index`. */
  url(index: number, path: string): string {
    return `${this.#tls ? 'https' : 'http'}://localhost:${this.ports[index % this.ports.length]}${path}`;
  }

  async mode(mode: SickMode): Promise<void> {
    await this.#ask({ kind: 'mode', mode });
  }

  /** Begins to note latencies, or stops it; forgets what was noted. */
  async note(on = true): Promise<void> {
    await this.#ask({ kind: 'note', on });
  }

  count(): Promise<SinkCount> {
    return this.#ask({ kind: 'count' }) as Promise<SinkCount>;
  }

  read(): Promise<SinkNotes> {
    return this.#ask({ kind: 'read' }) as Promise<SinkNotes>;
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #ask(command: SinkCommand): Promise<unknown> {
    this.#last = this.#last.then(async () => {
      const answered = once(this.#child, 'message') as Promise<[unknown]>;
      this.#child.send(command);
      return (await Promise.race([answered, this.#gone]))[0];
    });
    return this.#last;
  }
}
