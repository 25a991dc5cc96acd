import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { mongoUri } from './test-database.js';

/** A TCP proxy before MongoDB that can do what a network does: refuse, cut, or swallow without a word. */
export interface CuttableProxy {
  /** Leads to the server by way of the proxy, and by no other way. */
  readonly uri: string;
  /** Ends all connections and refuses new ones, as a stopped server does. */
  cut(): Promise<void>;
  /** Lets connections live but passes nothing on, as a lost route does. */
  hang(): void;
  /** Passes everything on again. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function openCuttableProxy(): Promise<CuttableProxy> {
  const target = new URL(mongoUri().replace(/^mongodb/, 'http'));
  const sockets = new Set<Socket>();
  let hanging = false;

  function join(client: Socket): void {
    const server = connect(Number(target.port === '' ? 27_017 : target.port), target.hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (!hanging) to.write(chunk);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  }

  let server: Server | undefined = await listen(0);
  const port = (server.address() as { port: number }).port;

  async function listen(onPort: number): Promise<Server> {
    const created = createServer(join);
    created.listen(onPort, '127.0.0.1');
    await once(created, 'listening');
    return created;
  }

  async function cut(): Promise<void> {
    const closing = server;
    server = undefined;
    for (const socket of sockets) socket.destroy();
    if (closing === undefined) return;
    closing.close();
    await once(closing, 'close');
  }

  return {
    uri: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    cut,
    hang: () => (hanging = true),
    mend: async () => {
      // What was swallowed is lost: the streams of these connections can't go on.
      if (hanging) for (const socket of sockets) socket.destroy();
      hanging = false;
      server ??= await listen(port);
    },
    close: cut,
  };
}
