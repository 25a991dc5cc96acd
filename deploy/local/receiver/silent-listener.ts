import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/**
 * A TCP listener that accepts, reads and never says a word: to a client of HTTPS, an endpoint that hangs in the TLS
 * handshake. As a canary it tells whether anybody connected to an address that nobody may connect to.
 */
export interface SilentListener {
  readonly port: number;
  /** How many connections were ever opened. */
  readonly connections: number;
  /** The bytes received on all of them, in order of arrival. */
  readonly received: Buffer;
  close(): Promise<void>;
}

/** Listens on `host` (127.0.0.1) at `port` (a free one). */
export async function startSilentListener(options: { host?: string; port?: number } = {}): Promise<SilentListener> {
  const sockets = new Set<Socket>();
  const chunks: Buffer[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get received() {
      return Buffer.concat(chunks);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
