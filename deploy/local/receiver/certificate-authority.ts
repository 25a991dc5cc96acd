import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { X509Certificate } from '@peculiar/x509';
import { isIP } from 'node:net';
import { webcrypto } from 'node:crypto';

/**
 * A certificate authority for receivers on loopback: tests, faults, benches and the demo of `npm start`.
 *
 * The services refuse every certificate that they can't verify, and have no switch to relax it; so the local receivers
 * get certificates of an authority of their own, which a process trusts through NODE_EXTRA_CA_CERTS (read once, when
 * the process starts). The keys live in memory: each run has its own authority and nothing outlives it.
 * The bad certificates are what an endpoint is refused for: expired, signed by itself, made for another host.
 */

/** A certificate with its private key, both PEM. */
export interface Certificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What a leaf certificate is for; by default 127.0.0.1, ::1 and localhost, valid now. */
export interface LeafOptions {
  /** Host names and IP addresses. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface CertificateAuthority {
  /** What clients must trust: the file of NODE_EXTRA_CA_CERTS, or `ca` of a TLS client. */
  readonly certificatePem: string;
  /** A certificate that clients of this authority accept for the names given. */
  issue(options?: LeafOptions): Promise<Certificate>;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'];
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** Makes a new authority (about 5 ms). */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Local receivers authority',
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity({}),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificatePem: certificate.toString('pem'),
    issue: async (options = {}) => {
      const leafKeys = await newKeys();
      const leaf = await X509CertificateGenerator.create({
        subject: 'CN=Local receiver',
        issuer: certificate.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...validity(options),
        extensions: leafExtensions(options),
      });
      return toPem(leaf, leafKeys);
    },
  };
}

/** Right in everything, but its time ended yesterday. */
export function expiredCertificate(authority: CertificateAuthority): Promise<Certificate> {
  const now = Date.now();
  return authority.issue({ notBefore: new Date(now - 30 * DAY_MS), notAfter: new Date(now - DAY_MS) });
}

/** Right in everything, but made for a host that nobody asks for. */
export function wrongHostCertificate(authority: CertificateAuthority): Promise<Certificate> {
  return authority.issue({ names: ['another-host.example'] });
}

/** Right names, right time, but vouched for by nobody. */
export async function selfSignedCertificate(options: LeafOptions = {}): Promise<Certificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Self-signed receiver',
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(options),
    extensions: leafExtensions(options),
  });
  return toPem(certificate, keys);
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** Begins a day ago, so that a virtual machine whose clock is a little behind accepts it too. */
function validity(options: LeafOptions): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: options.notBefore ?? new Date(now - DAY_MS),
    notAfter: options.notAfter ?? new Date(now + 90 * DAY_MS),
  };
}

function leafExtensions(options: LeafOptions) {
  const names = options.names ?? LOOPBACK_NAMES;
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
    ),
  ];
}

async function toPem(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Certificate> {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificatePem: certificate.toString('pem'), keyPem: PemConverter.encode(key, 'PRIVATE KEY') };
}
