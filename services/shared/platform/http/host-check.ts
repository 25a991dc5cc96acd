import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { ResolveHost } from './guarded-connector.js';
import { createAddressPolicy } from './public-address.js';

/**
 * Whether a webhook may be saved with this host: the early word of the guard that stands at every connect.
 *
 * A literal address has to be permitted; so has every address that a name resolves to now. A name that doesn't resolve,
 * or not in time, is let through: a fault of the DNS must not keep anybody from saving, and the guard at the socket
 * decides anyway. Names that are internal by their very form are refused without asking, unless the operator allowed
 * networks of their own; then their addresses have to be permitted, and known.
 */
export interface HostCheckOptions {
  /** CIDR blocks; empty in production. */
  readonly allowedNetworks: readonly string[];
  /** Finds the addresses of a name; the system's resolver by default. */
  readonly resolve?: ResolveHost;
  /** Bound on that; 2 s when absent. */
  readonly timeoutMs?: number;
}

/** `hostname` is that of a parsed URL: an IPv6 address stands in brackets, and IPv4 ones are in dotted form. */
export type IsHostRefused = (hostname: string) => Promise<boolean>;

const INTERNAL_NAME = /^[^.]+$|(?:^|\.)(?:localhost|internal|local|localdomain|home\.arpa)$/;

export function createHostCheck({
  allowedNetworks,
  resolve = lookup,
  timeoutMs = 2_000,
}: HostCheckOptions): IsHostRefused {
  const policy = createAddressPolicy(allowedNetworks);
  return async (hostname) => {
    const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    if (isIP(host) !== 0) return !policy.permits(host);
    const isInternal = INTERNAL_NAME.test(host.toLowerCase());
    if (isInternal && allowedNetworks.length === 0) return true;
    const addresses = await addressesOf(host, resolve, timeoutMs);
    return addresses === undefined ? isInternal : !addresses.every((address) => policy.permits(address));
  };
}

/** Undefined when they can't be known just now. */
function addressesOf(host: string, resolve: ResolveHost, timeoutMs: number): Promise<readonly string[] | undefined> {
  return new Promise((settle) => {
    const timer = setTimeout(settle, timeoutMs, undefined);
    resolve(host, { all: true }, (error, addresses) => {
      clearTimeout(timer);
      const known = error === null && addresses.length > 0;
      settle(known ? addresses.map(({ address }) => address) : undefined);
    });
  });
}
