import { LRUCache } from 'lru-cache';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { errors, type buildConnector } from 'undici';
import { Deadline } from './deadline.js';

/**
 * Opens sockets for undici: TLS 1.2 or newer, certificates always verified, HTTP/1.1 only.
 *
 * Not undici's own connector, for what a handshake costs: that one makes a TLS context for each connection and keeps its
 * sessions by weak references, which the garbage collector clears, so nearly every handshake is a full one. Here one
 * context serves all, and an endpoint that closes its connections is met again with the session of the last time, which
 * spares both sides the certificate and its verification. Sessions are kept per host and port, from connections alone
 * whose certificate was verified, and no longer than ten minutes, so that a certificate is looked at again.
 */
export interface SocketConnectorOptions {
  /** Bound on TCP and TLS handshake together. */
  readonly connectTimeoutMs: number;
  /** PEM of the authority to trust instead of the system's. */
  readonly ca?: string | undefined;
  readonly lookup: LookupFunction;
}

const MAX_SESSIONS = 2_000;
const SESSION_MS = 10 * 60_000;
const KEEP_ALIVE_PROBE_MS = 60_000;

/** `hostname`: an IPv6 address comes without brackets. */
export function createSocketConnector({
  connectTimeoutMs,
  ca,
  lookup,
}: SocketConnectorOptions): buildConnector.connector {
  const secureContext = createSecureContext({ minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) });
  const openTls = tlsOpener(secureContext, lookup);
  return ({ protocol, hostname: host, port }, callback) => {
    const isTls = protocol === 'https:';
    const socket = isTls ? openTls(host, Number(port || 443)) : connectTcp({ host, port: Number(port || 80), lookup });
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS).setNoDelay(true);
    endForGood(socket);
    let afterErrors: NodeJS.Immediate | undefined;
    const deadline = new Deadline(connectTimeoutMs, () => {
      // What has gone wrong and was not told yet is the better answer.
      afterErrors = setImmediate(() => socket.destroy(new errors.ConnectTimeoutError('it was not opened in time')));
    });
    const settle = (): void => {
      deadline.clear();
      clearImmediate(afterErrors);
      socket.removeListener('error', onError);
    };
    const onError = (error: Error): void => {
      settle();
      callback(error, null);
    };
    socket.once('error', onError);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      settle();
      callback(null, socket);
    });
  };
}

/**
 * As undici (7.30) aborts a request, it closes the socket with an "information", for which the request goes back to the
 * queue; and it connects anew before it sees there that it was aborted: each time-out would cost the endpoint that hangs a
 * handshake, and a connection that nobody uses and no time-out closes. For any other error the request ends with it.
 */
function endForGood(socket: Socket): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error) => destroy(isInformation(error) ? new errors.SocketError(error.message) : error);
}

function isInformation(error: Error | undefined): error is Error {
  return error !== undefined && 'code' in error && error.code === 'UND_ERR_INFO';
}

function tlsOpener(secureContext: SecureContext, lookup: LookupFunction): (host: string, port: number) => Socket {
  const sessions = new LRUCache<string, Buffer>({ max: MAX_SESSIONS, ttl: SESSION_MS });
  return (host, port) => {
    const key = `${host}:${port}`;
    const session = sessions.get(key);
    const socket: TLSSocket = connectTls({
      host,
      port,
      lookup,
      secureContext,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(session === undefined ? {} : { session }),
    });
    socket.on('session', (fresh) => {
      if (socket.authorized) sessions.set(key, fresh);
      // TLS 1.2 has it earlier than the verdict on the certificate; without a good one there is no secureConnect.
      else socket.once('secureConnect', () => sessions.set(key, fresh));
    });
    return socket;
  };
}
