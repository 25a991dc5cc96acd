import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Respond, Step } from './step.js';

/**
 * Carries out one step on an open exchange.
 *
 * What it starts ends with the connection: timers are cleared when the response closes, so an endpoint that hangs costs
 * nothing once its client gave up. Steps that HTTP libraries refuse to do (dripping headers, raw bytes) write on the
 * socket below the response; such a connection is never used for another request.
 */
export interface Exchange {
  readonly response: ServerResponse;
  /** The TLS socket: writes go out encrypted. */
  readonly socket: Socket;
  /** Ends the TCP connection with a reset. */
  readonly reset: () => void;
  /** Ends the connection, unless another request has come on it. */
  readonly endIdle: () => void;
  /** Tells how the exchange ended where the response itself can't tell. */
  readonly settle: (completion: 'answered' | 'cut') => void;
}

const HUGE_CHUNK = Buffer.alloc(64 * 1024);
const compressed = promisify(gzip);
const bombs = new Map<number, Promise<Buffer>>();

export function playStep(step: Step, exchange: Exchange): void {
  const { delayMs } = step;
  if (delayMs === undefined || delayMs <= 0) act(step, exchange);
  else whileOpen(exchange, setTimeout(act, delayMs, step, exchange));
}

type Player<Kind extends Step['kind']> = (step: Extract<Step, { kind: Kind }>, exchange: Exchange) => void;

const PLAYERS: { readonly [Kind in Step['kind']]: Player<Kind> } = {
  respond: answer,
  redirect: ({ to, status }, exchange) =>
    answer({ kind: 'respond', status: status ?? 302, headers: { location: to } }, exchange),
  hang: ({ when }, { response }) => {
    if (when === 'after-headers') response.writeHead(200, { 'content-length': 100 }).flushHeaders();
  },
  'drip-headers': dripHeaders,
  'drip-body': dripBody,
  reset: ({ when }, exchange) => {
    if (when === 'within-answer') resetWithinAnswer(exchange);
    else cut(exchange, exchange.reset);
  },
  close: (_step, exchange) => cut(exchange, () => exchange.socket.end()),
  'huge-body': ({ bytes, status }, { response }) => {
    response.writeHead(status ?? 200, { 'content-length': bytes });
    pour(bytes, response);
  },
  'gzip-bomb': ({ inflatedBytes, status }, { response }) => {
    response.writeHead(status ?? 200, { 'content-encoding': 'gzip' });
    void bombOf(inflatedBytes).then((bomb) => response.end(bomb));
  },
  raw: ({ bytes, then }, { socket, settle }) => {
    socket.write(bytes, () => {
      settle('answered');
      if (then === 'close') socket.end();
    });
  },
};

function act(step: Step, exchange: Exchange): void {
  // The table pairs each kind with a player of that kind, which the type of a look-up can't express.
  const play = PLAYERS[step.kind] as (step: Step, exchange: Exchange) => void;
  play(step, exchange);
}

function answer(step: Respond, { response, endIdle }: Exchange): void {
  response.statusCode = step.status;
  for (const [name, value] of Object.entries(step.headers ?? {})) response.setHeader(name, value);
  if (step.close === 'announced') response.setHeader('connection', 'close');
  if (step.close === 'silent') {
    // Not tied to the response: it is the idle connection that is closed.
    response.once('finish', () => setTimeout(endIdle, step.closeAfterMs ?? 0).unref());
  }
  response.end(step.body);
}

function dripHeaders({ everyMs }: Step & { kind: 'drip-headers' }, exchange: Exchange): void {
  let count = 0;
  exchange.socket.write('HTTP/1.1 200 OK\r\n');
  whileOpen(
    exchange,
    setInterval(() => exchange.socket.write(`x-drip-${count++}: .\r\n`), everyMs),
  );
}

function dripBody(step: Step & { kind: 'drip-body' }, exchange: Exchange): void {
  const { response } = exchange;
  let left = step.bytes ?? Number.POSITIVE_INFINITY;
  response.writeHead(step.status ?? 200, step.bytes === undefined ? {} : { 'content-length': step.bytes });
  response.flushHeaders();
  const drip = setInterval(() => {
    left -= 1;
    if (left >= 0) response.write('.');
    if (left > 0) return;
    clearInterval(drip);
    response.end();
  }, step.everyMs);
  whileOpen(exchange, drip);
}

function resetWithinAnswer(exchange: Exchange): void {
  exchange.response.writeHead(200, { 'content-length': 100 });
  // The pause lets the client read what was sent: a reset may overtake data that it has not read yet.
  exchange.response.write('the first words', () => {
    whileOpen(
      exchange,
      setTimeout(() => cut(exchange, exchange.reset), 20),
    );
  });
}

function pour(bytes: number, response: ServerResponse): void {
  let left = bytes;
  while (left > 0 && !response.destroyed) {
    const chunk = left < HUGE_CHUNK.length ? HUGE_CHUNK.subarray(0, left) : HUGE_CHUNK;
    left -= chunk.length;
    if (!response.write(chunk)) {
      response.once('drain', () => pour(left, response));
      return;
    }
  }
  response.end();
}

/** Made once, in a thread of its own: meanwhile the other endpoints of this process answer. */
function bombOf(inflatedBytes: number): Promise<Buffer> {
  const known = bombs.get(inflatedBytes);
  if (known !== undefined) return known;
  const bomb = compressed(Buffer.alloc(inflatedBytes));
  bombs.set(inflatedBytes, bomb);
  return bomb;
}

function cut({ settle }: Exchange, end: () => void): void {
  settle('cut');
  end();
}

function whileOpen({ response }: Exchange, timer: NodeJS.Timeout): void {
  response.once('close', () => clearTimeout(timer));
}
