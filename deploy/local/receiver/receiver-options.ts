import type { ServerOptions } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import type { Certificate, CertificateAuthority } from './certificate-authority.js';
import type { RequestLog } from './request-log.js';

/** How a receiver listens; what its endpoints answer is their scripts' affair. */
export interface ReceiverOptions {
  /** The authority that issues the certificate; a new one by default. */
  readonly ca?: CertificateAuthority;
  /** A free one by default. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** Instead of a good certificate of `ca`: an expired one, one for another host, one signed by itself. */
  readonly certificate?: Certificate;
  /** Sick TLS: `TLS_1_0`, `{ requestCert: true, rejectUnauthorized: true }`, … */
  readonly tls?: TlsOptions;
  /** Refuses handshakes that name no host, as those to a bare IP address don't. */
  readonly requireServerName?: boolean;
  /** How long an idle connection is kept, 60 s by default. Node announces it to the client, in whole seconds. */
  readonly keepAliveMs?: number;
  /** Shared by receivers that are to be seen as one, with paths of their own each; a new one by default. */
  readonly log?: RequestLog;
}

/** A server that knows nothing newer than TLS 1.0. */
export const TLS_1_0: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };

/** What Node's HTTPS server is to be started with. No time-outs: the client's deadlines are what is under test. */
export function httpsOptions(options: ReceiverOptions, certificate: Certificate): ServerOptions {
  const pair = { cert: certificate.certificatePem, key: certificate.keyPem };
  return {
    requestTimeout: 0,
    headersTimeout: 0,
    keepAliveTimeout: options.keepAliveMs ?? 60_000,
    ...(options.requireServerName === true ? onlyByName(pair) : pair),
    ...options.tls,
  };
}

/** Without a certificate of its own the server has none to show when the client names no host. */
function onlyByName(pair: { readonly cert: string; readonly key: string }): TlsOptions {
  const context = createSecureContext(pair);
  return { SNICallback: (_name, done) => done(null, context) };
}
