/**
 * Chooses the ports of the local servers: the usual one if nobody listens there, else one between 20000 and 29999.
 * That range is outside the one from which systems take ports for outgoing connections (32768 and up on Linux,
 * 49152 and up on macOS), so nothing grabs the port in the seconds until the server listens. Temporary stacks never
 * take the usual ports: two test runs and a demo can start in the same second.
 */
import { connect, createServer } from 'node:net';

const firstPort = 20_000;
const portCount = 10_000;
const attempts = 200;

export interface PortChoice {
  /** The usual port, tried first; undefined for a stack that must not take the usual ports. */
  readonly usual: number | undefined;
  readonly isFree: (port: number) => Promise<boolean>;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
}

/** Returns a free port. Throws if 200 tries found none. */
export async function chooseFreePort({ usual, isFree, random }: PortChoice): Promise<number> {
  if (usual !== undefined && (await isFree(usual))) return usual;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = firstPort + Math.floor(random() * portCount);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port was found between ${firstPort} and ${firstPort + portCount - 1}`);
}

/**
 * Tells whether nobody listens on this port of 127.0.0.1. Connecting comes first: on macOS a second listener may
 * bind 127.0.0.1 while another listens on all addresses, and clients would then reach either.
 */
export async function isPortFree(port: number): Promise<boolean> {
  return !(await answers(port)) && (await canListen(port));
}

/** Resolves when something accepts connections on this port of 127.0.0.1; rejects if nothing does now. */
export async function expectListener(port: number): Promise<void> {
  if (!(await answers(port))) throw new Error(`nothing listens on port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(true));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
