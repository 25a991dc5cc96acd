import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { buildConnector } from 'undici';
import type { AddressPolicy } from './public-address.js';
import { createSocketConnector } from './socket-connector.js';

/**
 * Opens the sockets of deliveries, and only to addresses that the policy permits (SSRF guard).
 *
 * The check is made where the connection is: a literal address before it is dialled (a look-up function is not called
 * for literals), every address that a name resolves to (one bad one refuses all: a mixed answer is an attack), and the
 * peer of the opened socket once more. So a name that changes between check and use gains nothing.
 */
export class BlockedAddress extends Error {
  override readonly name = 'BlockedAddress';
}

export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  /** Bound on TCP and TLS handshake together. */
  readonly connectTimeoutMs: number;
  /** PEM of the authority to trust instead of the system's; production leaves it out. */
  readonly ca?: string | undefined;
  /** Finds the addresses of a name; the system's resolver by default. */
  readonly resolve?: ResolveHost | undefined;
}

export type ResolveHost = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The `connect` of the delivery agent. */
export function createGuardedConnector({
  policy,
  connectTimeoutMs,
  ca,
  resolve = lookup,
}: ConnectorOptions): buildConnector.connector {
  const connect = createSocketConnector({ connectTimeoutMs, ca, lookup: guardedLookup(policy, resolve) });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !policy.permits(host)) {
      callback(new BlockedAddress(host), null);
      return;
    }
    connect({ ...options, hostname: host }, (...result) => {
      const [error, socket] = result;
      if (error !== null) return callback(...result);
      const { remoteAddress } = socket;
      if (remoteAddress !== undefined && policy.permits(remoteAddress)) return callback(...result);
      socket.destroy();
      // Without a peer, it was closed in the very moment: no reason to blame the address.
      callback(remoteAddress === undefined ? closedAtOnce() : new BlockedAddress(host), null);
    });
  };
}

function closedAtOnce(): Error {
  return Object.assign(new Error('the connection was closed as soon as it was open'), { code: 'ECONNRESET' });
}

function guardedLookup(policy: AddressPolicy, resolve: ResolveHost): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? Object.assign(new Error('no address'), { code: 'ENODATA' }), [], 0);
      } else if (!addresses.every(({ address }) => policy.permits(address))) {
        callback(new BlockedAddress(hostname), [], 0);
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}
