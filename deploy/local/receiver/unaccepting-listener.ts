import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * A port on which connecting itself hangs: the listener's queue is full and nobody accepts, so the system drops the
 * client's SYN, as a firewall does. Works on Linux.
 *
 * A thread listens with the shortest queue and then blocks for ever; connections of ours fill the queue. In the same
 * thread this can't be done: Node accepts as long as its event loop runs.
 */
export interface UnacceptingListener {
  readonly port: number;
  close(): Promise<void>;
}

const LISTEN_AND_BLOCK = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** How long an attempt to connect must hang before the queue counts as full. */
const FULL_AFTER_MS = 200;

/** @throws Error when the system goes on to let connections in */
export async function startUnacceptingListener(): Promise<UnacceptingListener> {
  const worker = new Worker(LISTEN_AND_BLOCK, { eval: true });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const fillers: Socket[] = [];
  const close = async (): Promise<void> => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  };
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const filler = connect({ port, host: '127.0.0.1' });
    fillers.push(filler);
    if (await hangs(filler)) return { port, close };
  }
  await close();
  throw new Error('the queue of the listener never filled up');
}

function hangs(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), FULL_AFTER_MS);
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
