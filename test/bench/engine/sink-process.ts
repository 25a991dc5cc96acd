import { createServer as createPlainServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { nowUs } from './clock.js';
import { RequestReader, type SeenRequest } from './request-reader.js';
import { SinkNotebook } from './sink-notebook.js';
import type { SickMode, SinkCommand, SinkCount, SinkTask } from './sink-protocol.js';

/**
 * The receiver of all measurements: the cheapest HTTP/1.1 endpoint that Node can be, so that it isn't what is measured.
 * It reads no more of a request than where it ends and which path it has, and answers 204 in one write.
 */
const ANSWER = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
const FAILURE = Buffer.from('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n');
const DRIPPING = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
/** Of the letter that tells paths apart: `POST /` is before it. */
const LETTER = 6;
const [O, S] = [0x6f, 0x73];

const counts = { ok: 0, sick: 0, lastOkMs: performance.now(), longestGapMs: 0 };
const notebook = new SinkNotebook();
let mode: SickMode = { kind: 'answer' };

function onConnection(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  const reader = new RequestReader((request) => onRequest(socket, request));
  socket.on('data', (chunk: Buffer) => reader.take(chunk));
}

function onRequest(socket: Socket, request: SeenRequest): void {
  const letter = request.head[LETTER];
  if (letter === O) {
    if (notebook.on) noteOk(request);
    counts.ok += 1;
    socket.write(ANSWER);
  } else if (letter === S) {
    counts.sick += 1;
    if (notebook.on) notebook.note('sick', request, nowUs(), mode.kind === 'answer');
    beSick(socket, mode);
  } else {
    counts.sick += 1;
    const failsNow = notebook.noteFlaky(request, nowUs());
    socket.write(failsNow ? FAILURE : ANSWER);
  }
}

function noteOk(request: SeenRequest): void {
  const now = performance.now();
  counts.longestGapMs = Math.max(counts.longestGapMs, now - counts.lastOkMs);
  counts.lastOkMs = now;
  notebook.note('ok', request, nowUs(), true);
}

function beSick(socket: Socket, how: SickMode): void {
  switch (how.kind) {
    case 'answer':
      socket.write(ANSWER);
      return;
    case 'hang':
      setTimeout(() => socket.writable && socket.write(ANSWER), how.ms);
      return;
    case 'drip': {
      socket.write(DRIPPING);
      const drops = setInterval(() => socket.write('.'), 500);
      socket.once('close', () => clearInterval(drops));
      return;
    }
    case 'reset':
      reset(socket);
      return;
    case 'error':
      socket.write(FAILURE);
      return;
  }
}

/** The TCP sockets below those of TLS, by both ports: only they can be reset. */
const transports = new Map<string, Socket>();
const portsOf = ({ localPort, remotePort }: Socket): string => `${localPort} ${remotePort}`;

function reset(socket: Socket): void {
  if (!(socket instanceof TLSSocket)) return void socket.resetAndDestroy();
  const transport = transports.get(portsOf(socket));
  // Without one it is gone already.
  if (transport === undefined) socket.destroy();
  else transport.resetAndDestroy();
}

function keepTransport(transport: Socket): void {
  const ports = portsOf(transport);
  transports.set(ports, transport);
  transport.once('close', () => {
    if (transports.get(ports) === transport) transports.delete(ports);
  });
}

async function listen({ tls, ports }: SinkTask): Promise<number[]> {
  const servers = Array.from({ length: ports }, (): Server =>
    tls === undefined
      ? createPlainServer(onConnection)
      : createTlsServer(tls, onConnection).on('connection', keepTransport),
  );
  return Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
            resolve((server.address() as AddressInfo).port),
          ),
        ),
    ),
  );
}

function count(): SinkCount {
  const { user, system } = process.cpuUsage();
  const { ok, sick, longestGapMs, lastOkMs } = counts;
  const gapMs = Math.max(longestGapMs, performance.now() - lastOkMs);
  return { ok, sick, atMs: performance.now(), cpuMs: (user + system) / 1_000, longestGapMs: gapMs };
}

function obey(command: SinkCommand): unknown {
  switch (command.kind) {
    case 'mode':
      mode = command.mode;
      return {};
    case 'note':
      notebook.begin(command.on, nowUs());
      counts.longestGapMs = 0;
      counts.lastOkMs = performance.now();
      return {};
    case 'count':
      return count();
    case 'read':
      return notebook.read();
  }
}

process.once('disconnect', () => process.exit(0));
process.once('message', (task) => {
  void listen(task as SinkTask).then((ports) => {
    process.on('message', (command) => process.send?.(obey(command as SinkCommand)));
    process.send?.(ports);
  });
});
