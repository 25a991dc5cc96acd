import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A listener on an address that no attempt may reach; it counts who comes. */
export interface CanaryListener {
  readonly url: string;
  readonly connections: number;
  close(): Promise<void>;
}

/** On 127.0.0.2, which is not among the networks that a run allows. */
export async function startCanaryListener(): Promise<CanaryListener> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.2', resolve);
  });
  return {
    url: `https://127.0.0.2:${(server.address() as AddressInfo).port}/`,
    get connections() {
      return connections;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
