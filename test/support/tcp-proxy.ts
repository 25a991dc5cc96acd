import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP proxy on loopback in front of a server, so that a test can take the server away and give it back. */
export interface TcpProxy {
  readonly port: number;
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Keeps connections open but passes nothing on, in either direction. */
  hang(): void;
  /** Passes requests on and swallows the answers: the server does what nobody hears of. */
  loseAnswers(): void;
  /** Answers come so much later; 0 for at once. */
  delayAnswers(ms: number): void;
  /** Shown what clients send before it is passed on; a connection for which `see` answers `hang` hangs from then on. */
  watch(see: (sent: Buffer) => 'pass' | 'hang'): void;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let mode: 'passing' | 'hanging' | 'losing-answers' = 'passing';
  let delayMs = 0;
  let see: Parameters<TcpProxy['watch']>[0] = () => 'pass';
  const onConnection = (client: Socket): void => {
    const upstream = connect(target);
    upstream.setNoDelay(true);
    client.setNoDelay(true);
    let hangs = false;
    client.on('data', (chunk) => {
      hangs ||= see(chunk) === 'hang';
      if (mode !== 'hanging' && !hangs) upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (mode !== 'passing') return;
      if (delayMs === 0) client.write(chunk);
      else setTimeout(() => client.writable && client.write(chunk), delayMs);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('error', () => other.destroy());
    }
  };
  let server: Server | undefined = await listen(0, onConnection);
  const { port } = server.address() as AddressInfo;
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const cut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    await new Promise<void>((resolve) => {
      if (closing === undefined) return resolve();
      closing.close(() => resolve());
      destroyAll();
    });
  };
  return {
    port,
    cut,
    hang: () => {
      mode = 'hanging';
    },
    loseAnswers: () => {
      mode = 'losing-answers';
    },
    delayAnswers: (ms) => {
      delayMs = ms;
    },
    watch: (next) => {
      see = next;
    },
    restore: async () => {
      // What was swallowed is gone: those connections can't go on.
      if (mode !== 'passing') destroyAll();
      mode = 'passing';
      delayMs = 0;
      server ??= await listen(port, onConnection);
    },
    close: cut,
  };
}

function listen(port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection);
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
