import { describe, expect, test } from '@jest/globals';
import { errors } from 'undici';
import { sendFailureOf } from '../../../../services/shared/platform/http/send-failure.js';
import { BlockedAddress } from '../../../../services/shared/platform/http/guarded-connector.js';

const coded = (code: string, more: object = {}): Error => Object.assign(new Error(`secret ${code}`), { code, ...more });

describe('the kind of failure by the code of the error', () => {
  test.each([
    ['dns', ['ENOTFOUND', 'ENODATA', 'EAI_AGAIN', 'EAI_FAIL']],
    ['refused', ['ECONNREFUSED']],
    ['unreachable', ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EACCES', 'EPERM']],
    ['reset', ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET']],
    ['connect-timeout', ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']],
    ['timeout', ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']],
    ['invalid-request', ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']],
    ['own', ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED']],
    [
      'protocol',
      ['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'HPE_INVALID_CONSTANT', 'EWHATEVER'],
    ],
  ])('%s: %j', (kind, codes) => {
    expect(codes.map((code) => sendFailureOf(coded(code)))).toEqual(
      codes.map((code) => ({ failure: kind, detail: code })),
    );
  });

  test.each([
    ...['EPROTO', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'CERT_CHAIN_TOO_LONG', 'CERT_UNTRUSTED'],
    ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'INVALID_CA'],
    ...[
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'INVALID_PURPOSE',
      'PATH_LENGTH_EXCEEDED',
      'HOSTNAME_MISMATCH',
      'UNSPECIFIED',
    ],
    ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_OSSL_EVP_UNSUPPORTED', 'CRL_HAS_EXPIRED'],
    ...['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERROR_IN_CERT_NOT_AFTER_FIELD'],
  ])('tls: %s', (code) => {
    expect(sendFailureOf(coded(code))).toEqual({ failure: 'tls', detail: code });
  });

  test('a blocked address is told as that, without the address', () => {
    expect(sendFailureOf(new BlockedAddress('10.0.0.1'))).toEqual({ failure: 'blocked-address', detail: 'blocked' });
  });
});

describe('answers that can’t be used are the endpoint’s fault in HTTP, not in the network', () => {
  test.each(['bad upgrade', 'bad response'])('%s', (message) => {
    expect(sendFailureOf(new errors.SocketError(message))).toEqual({ failure: 'protocol', detail: message });
  });

  test('a connection that the other side closed is a reset', () => {
    expect(sendFailureOf(new errors.SocketError('other side closed')).failure).toBe('reset');
  });
});

describe('what is ours and what is not', () => {
  test('no free port towards IPv4 is ours; no way to IPv6 is the endpoint’s lack of an IPv4 address', () => {
    expect(sendFailureOf(coded('EADDRNOTAVAIL', { address: '93.184.216.34' })).failure).toBe('own');
    expect(sendFailureOf(coded('EADDRNOTAVAIL', { address: '2606:4700::1' })).failure).toBe('unreachable');
  });

  test.each([
    ['the last resort tells', [coded('ENETUNREACH'), coded('ECONNREFUSED')], 'refused'],
    ['whatever the first said', [coded('EADDRNOTAVAIL', { address: '::2' }), coded('ETIMEDOUT')], 'connect-timeout'],
    ['a fault of ours only if it was alone', [coded('ECONNREFUSED'), coded('EMFILE')], 'refused'],
    ['all faults of ours', [coded('EMFILE'), coded('EMFILE')], 'own'],
  ])('of the errors of several addresses, %s', (_rule, all, kind) => {
    expect(sendFailureOf(Object.assign(new AggregateError(all), { code: 'EMFILE' })).failure).toBe(kind);
  });
});

describe('whatever is thrown is a value', () => {
  test.each<[string, unknown, string]>([
    ['an error without a code', new TypeError('secret'), 'TypeError'],
    ['a code that is no text', Object.assign(new Error('secret'), { code: 7 }), 'Error'],
    ['nothing', undefined, 'unknown'],
    ['null', null, 'unknown'],
    ['a text', 'secret', 'unknown'],
    ['an aggregate of nothing', new AggregateError([]), 'AggregateError'],
  ])('%s', (_what, thrown, detail) => {
    expect(sendFailureOf(thrown)).toEqual({ failure: 'protocol', detail });
  });

  test('no message of an error gets out: it can carry addresses and secrets', () => {
    for (const error of [coded('ECONNRESET'), new Error('secret'), new AggregateError([new Error('secret')], 'secret')])
      expect(JSON.stringify(sendFailureOf(error))).not.toContain('secret');
  });
});
