import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { CertificateAuthority } from './certificate-authority.js';
import { createCertificateAuthority } from './certificate-authority.js';
import { Connections } from './connections.js';
import type { ReceiverOptions } from './receiver-options.js';
import { httpsOptions } from './receiver-options.js';
import type { RecordedRequest } from './recorded-request.js';
import { RequestLog } from './request-log.js';
import type { Script } from './script-cursor.js';
import { ScriptCursor } from './script-cursor.js';
import { serveRequest } from './serve-request.js';

/** A path of a receiver, with its script. */
export interface Endpoint {
  readonly path: string;
  /** `https://127.0.0.1:<port><path>` */
  readonly url: string;
  /** Starts another script from its first step. */
  script(script: Script): void;
  /** The requests that this endpoint got, in the order in which they were complete. */
  requests(): readonly RecordedRequest[];
}

/** A connection that never became a request: a failed TLS handshake or bytes that are no HTTP. */
export interface ConnectionFault {
  readonly kind: 'tls' | 'http';
  readonly code: string;
  readonly at: number;
}

/**
 * A scripted HTTPS server on loopback: the customer's endpoint of tests, faults, benches and the demo.
 *
 * It answers each path as its script says and records every request with the raw bytes of its body, what was answered
 * and how it ended, so that a test can hold what was delivered against what was promised. It never retries, judges or
 * checks anything: comparing is the work of whoever reads the record.
 */
export interface Receiver {
  readonly port: number;
  readonly ca: CertificateAuthority;
  readonly log: RequestLog;
  readonly faults: readonly ConnectionFault[];
  /** How many TCP connections there ever were. */
  readonly connectionsOpened: number;
  /** How many there are now. */
  readonly connectionsOpen: number;
  /** `https://<host>:<port><path>`; the host is 127.0.0.1 unless given (localhost and [::1] are in the certificate too). */
  url(path: string, host?: string): string;
  /** Adds an endpoint, or gives an existing one a new script; `[200]` by default. Paths are matched without the query. */
  endpoint(path: string, script?: Script): Endpoint;
  requests(filter?: (request: RecordedRequest) => boolean): readonly RecordedRequest[];
  /** Resolves when `predicate` holds; looks whenever a request, an answer or a connection begins or ends. */
  waitFor(
    predicate: (requests: readonly RecordedRequest[]) => boolean,
    timeoutMs: number,
  ): Promise<readonly RecordedRequest[]>;
  /** Stops listening and destroys what is open. */
  close(): Promise<void>;
}

/** Starts a receiver and resolves when it listens. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const ca = options.ca ?? (await createCertificateAuthority());
  const log = options.log ?? new RequestLog();
  const connections = new Connections(() => log.changed());
  const cursors = new Map<string, ScriptCursor>();
  const faults: ConnectionFault[] = [];
  const server = createServer(httpsOptions(options, options.certificate ?? (await ca.issue())));
  server.on('connection', (socket) => connections.add(socket as Socket));
  server.on('request', (request, response) => serveRequest(request, response, { cursors, connections, log }));
  recordFaults(server, faults, log);
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const url = (path: string, host = options.host ?? '127.0.0.1'): string =>
    `https://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}${path}`;
  const requests = (filter: (request: RecordedRequest) => boolean = () => true): readonly RecordedRequest[] =>
    log.requests.filter(filter);
  return {
    port,
    ca,
    log,
    faults,
    get connectionsOpened() {
      return connections.opened;
    },
    get connectionsOpen() {
      return connections.open;
    },
    url,
    endpoint: (path, script = [200]) => {
      cursors.set(path, new ScriptCursor(script));
      return {
        path,
        url: url(path),
        script: (next) => void cursors.set(path, new ScriptCursor(next)),
        requests: () => requests((request) => request.endpoint === path),
      };
    },
    requests,
    waitFor: (predicate, timeoutMs) => log.waitFor(predicate, timeoutMs),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroyAll();
      }),
  };
}

function recordFaults(server: Server, faults: ConnectionFault[], log: RequestLog): void {
  const record = (kind: 'tls' | 'http', error: NodeJS.ErrnoException): void => {
    faults.push({ kind, code: error.code ?? error.message, at: Date.now() });
    log.changed();
  };
  server.on('tlsClientError', (error) => record('tls', error));
  server.on('clientError', (error, socket) => {
    record('http', error);
    socket.destroy();
  });
}

function listen(server: Server, options: ReceiverOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
}
