import { isIPv6 } from 'node:net';
import type { SendFailureKind } from '../../core/outcome.js';

/**
 * The one table that turns an error of the HTTP client, of TLS or of the network into a kind of failure.
 *
 * Whatever is not listed counts as a broken answer of the endpoint (`protocol`), never as an exception; what lies with
 * our own process (no file descriptors, no ports, no memory, a client that we closed) is `own` and counts against
 * nobody.
 */
const KIND_BY_CODE: Readonly<Record<string, SendFailureKind>> = {
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EPROTO: 'tls',
  UND_ERR_INVALID_ARG: 'invalid-request',
  UND_ERR_NOT_SUPPORTED: 'invalid-request',
  EMFILE: 'own',
  ENFILE: 'own',
  ENOBUFS: 'own',
  ENOMEM: 'own',
  EADDRNOTAVAIL: 'own',
  UND_ERR_DESTROYED: 'own',
  UND_ERR_CLOSED: 'own',
};

const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CRL_|INVALID_PURPOSE|INVALID_CA|PATH_LENGTH_|HOSTNAME_MISMATCH|ERROR_IN_CERT|UNSPECIFIED)/;

/** What undici says of an answer that it can't use: 101 to a client that asked for no upgrade, 100 that ends nothing. */
const UNUSABLE_ANSWER = /^bad (upgrade|response)$/;

export interface SendFailure {
  readonly failure: SendFailureKind;
  readonly detail: string;
}

/** The kind of failure and a detail that names the code alone: messages of errors can carry addresses and secrets. */
export function sendFailureOf(error: unknown): SendFailure {
  // One error per address that was tried; what the last resort said tells most, unless it is our own fault.
  if (error instanceof AggregateError && error.errors.length > 0) {
    const failures = error.errors.map(sendFailureOf).reverse();
    return failures.find(({ failure }) => failure !== 'own') ?? (failures[0] as SendFailure);
  }
  if (error instanceof Error && error.name === 'BlockedAddress')
    return { failure: 'blocked-address', detail: 'blocked' };
  const code = codeOf(error);
  if (code === 'UND_ERR_SOCKET' && error instanceof Error && UNUSABLE_ANSWER.test(error.message))
    return { failure: 'protocol', detail: error.message };
  return { failure: kindOf(code, error), detail: code };
}

function kindOf(code: string, error: unknown): SendFailureKind {
  if (code === 'EADDRNOTAVAIL' && isToIpv6(error)) return 'unreachable';
  if (code.startsWith('DNS_')) return 'dns';
  return KIND_BY_CODE[code] ?? (TLS_CODE.test(code) ? 'tls' : 'protocol');
}

/** On a host without IPv6 that is the endpoint's lack of an IPv4 address, not our lack of ports. */
function isToIpv6(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'address' in error && isIPv6(String(error.address));
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
