import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { connect, createServer, isIPv6, type AddressInfo } from 'node:net';
import { createServer as createTlsServer, type SecureVersion, type Server as TlsServer } from 'node:tls';
import {
  createCertificateAuthority,
  expiredCertificate,
  selfSignedCertificate,
  wrongHostCertificate,
  type Certificate,
  type CertificateAuthority,
} from '../../../deploy/local/receiver/certificate-authority.js';
import { startReceiver, type Receiver } from '../../../deploy/local/receiver/receiver.js';
import { TLS_1_0, type ReceiverOptions } from '../../../deploy/local/receiver/receiver-options.js';
import type { Script } from '../../../deploy/local/receiver/script-cursor.js';
import { startSilentListener, type SilentListener } from '../../../deploy/local/receiver/silent-listener.js';
import { respond, type ScriptStep } from '../../../deploy/local/receiver/step.js';
import { startUnacceptingListener } from '../../../deploy/local/receiver/unaccepting-listener.js';
import * as wire from '../../../deploy/local/receiver/wire-answers.js';
import { classify, statusClassOf, type Outcome, type SendResult } from '../../../services/shared/core/outcome.js';
import { buildRequest, compileEndpoint } from '../../../services/shared/core/request.js';
import type { ResolveHost } from '../../../services/shared/platform/http/guarded-connector.js';
import { createAddressPolicy } from '../../../services/shared/platform/http/public-address.js';
import { createSender, type Sender, type SenderOptions } from '../../../services/shared/platform/http/sender.js';
import { jobOf, webhookOf } from '../../support/samples.js';

/**
 * The sender against real sockets: TLS endpoints on loopback that do every wrong thing.
 *
 * Promises: an attempt ends at its deadline whatever the endpoint does, plus half a second of grace; its connection is
 * freed then; memory is bounded; what came back is told as a value with the right kind and class; a redirect is never
 * followed; and no packet goes to an address that webhooks may not reach.
 */
const TIMEOUT_MS = 1_000;
/** For what hangs on purpose; all else gets the time that a busy machine may need. */
const HASTY = { timeoutMs: TIMEOUT_MS, connectTimeoutMs: 800 };
const GRACE_MS = 500;
const BODY_BYTES = 16 * 1024;
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

let ca: CertificateAuthority;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  ca = await createCertificateAuthority();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function receiverWith(options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = await startReceiver({ ca, ...options });
  cleanups.push(() => receiver.close());
  return receiver;
}

function senderWith(options: Partial<SenderOptions> & { readonly allowedNetworks?: readonly string[] } = {}): Sender {
  const { allowedNetworks = LOOPBACK, ...rest } = options;
  const sender = createSender({
    policy: createAddressPolicy(allowedNetworks),
    timeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    responseBodyBytes: BODY_BYTES,
    ca: ca.certificatePem,
    ...rest,
  });
  cleanups.push(() => sender.close());
  return sender;
}

/** Makes the request of an attempt, exactly as delivery does. */
function post(sender: Sender, url: string, body = '{"event_id":"evt_1"}'): Promise<SendResult> {
  const endpoint = compileEndpoint(webhookOf({ url }), 'webhook-v2/0.1.0');
  if (endpoint.kind === 'refused') throw new Error(endpoint.fault);
  return sender.send(buildRequest(jobOf({ body: Buffer.from(body) }), endpoint, Date.now()));
}

/** Posts once to an endpoint with this step. */
async function postTo(receiver: Receiver, step: ScriptStep, sender = senderWith()): Promise<SendResult> {
  return post(sender, receiver.endpoint('/in', [step]).url);
}

/** The client uses a connection again one turn of the event loop after its answer ended. */
async function connectionsIdle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** `200`, or `timeout`, `reset`, …: the status or the kind of failure. */
function shortOf(result: SendResult): number | string {
  return result.kind === 'answer' ? result.answer.status : result.failure;
}

function kindOf(result: SendResult): string {
  const outcome: Outcome = classify(result);
  return outcome.kind === 'failed' ? `${outcome.cause.kind} ${statusClassOf(outcome.answer)}` : outcome.kind;
}

async function within(ms: number, work: () => Promise<SendResult>): Promise<SendResult> {
  const startedAt = performance.now();
  const result = await work();
  expect(performance.now() - startedAt).toBeLessThan(ms);
  return result;
}

const FREED_MS = 2_000;
const allFreed = (receiver: Receiver): Promise<unknown> =>
  receiver.waitFor(() => receiver.connectionsOpen === 0, FREED_MS);

describe('an answer', () => {
  test('is told with status, headers, body and duration; the endpoint got what was built', async () => {
    const receiver = await receiverWith();
    const headers = { 'X-Answer': 'yes', 'set-cookie': ['a=1', 'b=2'] };
    const body = '{"name":"Zoë 🎧","html":"</script>"}';
    const { url } = receiver.endpoint('/in', [respond(202, { headers, body: 'dänke' })]);
    const result = await post(senderWith(), `${url}?key=v%20w`, body);
    expect(result).toMatchObject({
      kind: 'answer',
      answer: {
        status: 202,
        headers: { 'x-answer': 'yes', 'set-cookie': 'a=1, b=2' },
        body: 'dänke',
        bodyTruncated: false,
      },
    });
    expect(result.kind === 'answer' && result.answer.durationMs).toBeGreaterThan(0);
    const [request] = receiver.requests();
    expect([request?.method, request?.url, request?.body.toString()]).toEqual(['POST', '/in?key=v%20w', body]);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'accept-encoding': 'identity',
      'user-agent': 'webhook-v2/0.1.0',
      'webhook-id': jobOf().jobId,
      'webhook-attempt': '1',
    });
  });

  test.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [304, 'redirect 3xx'],
    [400, 'client-error 4xx'],
    [410, 'client-error 4xx'],
    [429, 'client-error 4xx'],
    [500, 'server-error 5xx'],
    [503, 'server-error 5xx'],
  ])('%i is %s', async (status, kind) => {
    expect(kindOf(await postTo(await receiverWith(), status))).toBe(kind);
  });

  test.each(['5', 'Wed, 21 Oct 2099 07:28:00 GMT', '-1', '1e9', 'garbage'])(
    '429 with Retry-After %s is an answer like any other',
    async (value) => {
      const result = await postTo(await receiverWith(), respond(429, { headers: { 'retry-after': value } }));
      expect(result).toMatchObject({ answer: { status: 429, headers: { 'retry-after': value } } });
    },
  );

  test('interim answers are passed over, a flood of them too', async () => {
    const flood = { kind: 'raw', bytes: wire.informationalFlood(1_000), then: 'close' } as const;
    expect(shortOf(await postTo(await receiverWith(), flood))).toBe(200);
  });
});

describe('a redirect is never followed', () => {
  test.each([301, 302, 303, 307, 308])('%i', async (status) => {
    const receiver = await receiverWith();
    const canary = receiver.endpoint('/canary');
    const result = await postTo(receiver, { kind: 'redirect', status, to: canary.url });
    expect([kindOf(result), canary.requests().length]).toEqual(['redirect 3xx', 0]);
  });

  test('nor one to an address inside', async () => {
    const canary = await silent();
    const to = `https://127.0.0.1:${canary.port}/latest/meta-data`;
    expect(kindOf(await postTo(await receiverWith(), { kind: 'redirect', to }))).toBe('redirect 3xx');
    expect(canary.connections).toBe(0);
  });
});

describe('an endpoint that hangs: the attempt ends at its deadline, and the connection is freed', () => {
  test.each<[string, ScriptStep, number | string]>([
    ['after the request', { kind: 'hang', when: 'before-headers' }, 'timeout'],
    ['while it drips its headers', { kind: 'drip-headers', everyMs: 20 }, 'timeout'],
    ['after its headers: the status is the verdict', { kind: 'hang', when: 'after-headers' }, 200],
    ['while it drips its body: the status is the verdict', { kind: 'drip-body', everyMs: 20 }, 200],
    ['while it drips the body of a 500', { kind: 'drip-body', everyMs: 20, status: 500 }, 500],
    [
      'in the midst of its headers',
      { kind: 'raw', bytes: Buffer.from('HTTP/1.1 200 OK\r\nx-a'), then: 'hang' },
      'timeout',
    ],
    [
      'after an interim answer',
      { kind: 'raw', bytes: Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'), then: 'hang' },
      'timeout',
    ],
  ])('%s', async (_where, step, short) => {
    const receiver = await receiverWith();
    const result = await within(TIMEOUT_MS + GRACE_MS, () => postTo(receiver, step, senderWith(HASTY)));
    expect(shortOf(result)).toBe(short);
    if (result.kind === 'answer') expect(result.answer.bodyTruncated).toBe(true);
    await allFreed(receiver);
  });

  test('in the TLS handshake', async () => {
    const listener = await silent();
    const result = await within(TIMEOUT_MS + GRACE_MS, () =>
      post(senderWith(HASTY), `https://127.0.0.1:${listener.port}/`),
    );
    expect(shortOf(result)).toBe('connect-timeout');
  });

  test('before it accepts', async () => {
    const listener = await startUnacceptingListener();
    cleanups.push(() => listener.close());
    const result = await within(TIMEOUT_MS + GRACE_MS, () =>
      post(senderWith(HASTY), `https://127.0.0.1:${listener.port}/`),
    );
    expect(shortOf(result)).toBe('connect-timeout');
  });

  test('before it accepts, where the connection may take longer than the attempt: nothing is sent afterwards', async () => {
    const receiver = await receiverWith();
    const slow = await slowDoor(receiver.port, TIMEOUT_MS + 200);
    receiver.endpoint('/in');
    const sender = senderWith({ ...HASTY, connectTimeoutMs: 5_000 });
    const result = await within(TIMEOUT_MS + GRACE_MS, () => post(sender, `https://127.0.0.1:${slow}/in`));
    expect(shortOf(result)).toBe('connect-timeout');
    await receiver.waitFor(() => receiver.connectionsOpened === 1, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(receiver.requests()).toHaveLength(0);
  });

  test('where several end, none of their connections is opened anew', async () => {
    const receiver = await receiverWith();
    const hangs = receiver.endpoint('/hangs', [{ kind: 'hang', when: 'before-headers' }]);
    const sender = senderWith({ ...HASTY, connectTimeoutMs: 5_000, timeoutMs: 5_000 });
    const hanging = Array.from({ length: 8 }, () => post(sender, hangs.url));
    await receiver.waitFor(() => hangs.requests().length === 8, 5_000);
    expect((await Promise.all(hanging)).map(shortOf)).toEqual(Array(8).fill('timeout'));
    await allFreed(receiver);
    expect([receiver.connectionsOpened, sender.connections]).toEqual([8, 0]);
  });

  test('a hundred at once end together, and others are served meanwhile', async () => {
    const receiver = await receiverWith();
    const hangs = receiver.endpoint('/hangs', [{ kind: 'hang', when: 'before-headers' }]);
    const healthy = receiver.endpoint('/healthy');
    const sender = senderWith({ timeoutMs: 8_000, connectTimeoutMs: 8_000 });
    const hanging = Array.from({ length: 100 }, () => post(sender, hangs.url));
    await receiver.waitFor(() => hangs.requests().length === 100, 8_000);
    for (let n = 0; n < 10; n += 1) expect(shortOf(await post(sender, healthy.url))).toBe(200);
    const results = await Promise.all(hanging);
    expect(new Set(results.map(shortOf))).toEqual(new Set(['timeout']));
  });
});

describe('an endpoint that answered while we ourselves slept', () => {
  const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  test('has answered, on an open connection and on one that was being opened', async () => {
    const receiver = await receiverWith();
    const endpoint = receiver.endpoint('/in');
    const sender = senderWith(HASTY);
    expect(shortOf(await post(sender, endpoint.url))).toBe(200);
    await connectionsIdle();
    const posts = [post(sender, endpoint.url), post(sender, endpoint.url)];
    await new Promise((resolve) => setImmediate(resolve));
    sleep(TIMEOUT_MS + 2_000);
    expect((await Promise.all(posts)).map(shortOf)).toEqual([200, 200]);
    expect(endpoint.requests()).toHaveLength(3);
  });

  test('unless it hangs: it gets what we slept, and no more than its time', async () => {
    const receiver = await receiverWith();
    const hanging = postTo(receiver, { kind: 'hang', when: 'before-headers' }, senderWith(HASTY));
    await receiver.waitFor(() => receiver.requests().length === 1, 8_000);
    sleep(4 * TIMEOUT_MS);
    const result = await within(TIMEOUT_MS + GRACE_MS, () => hanging);
    expect(shortOf(result)).toBe('timeout');
  });
});

describe('an endpoint that breaks off', () => {
  test.each<[string, ScriptStep, number | string]>([
    ['before the body was read', { kind: 'reset', when: 'before-body' }, 'reset'],
    ['after the body was read', { kind: 'reset', when: 'after-body' }, 'reset'],
    ['with an orderly end and no answer', { kind: 'close' }, 'reset'],
    ['within its answer: the status is the verdict', { kind: 'reset', when: 'within-answer' }, 200],
    ['within the body that it announced', { kind: 'raw', bytes: wire.truncatedBody(), then: 'close' }, 200],
    ['within its headers', { kind: 'raw', bytes: Buffer.from('HTTP/1.1 200 OK\r\nx-a: '), then: 'close' }, 'reset'],
  ])('%s', async (_where, step, short) => {
    const result = await postTo(await receiverWith(), step);
    expect(shortOf(result)).toBe(short);
    if (result.kind === 'answer') expect(result.answer.bodyTruncated).toBe(true);
  });
});

describe('what is no HTTP is the endpoint’s failure, with a reason, and hurts nobody else', () => {
  const raw = (bytes: Buffer | string): ScriptStep => ({ kind: 'raw', bytes: Buffer.from(bytes), then: 'close' });

  test.each<[string, ScriptStep, string]>([
    ['HTTP/0.9', raw(wire.http09()), 'protocol none'],
    ['10,000 headers', raw(wire.manyHeaders(10_000)), 'protocol none'],
    ['101 without being asked', raw(wire.switchingProtocols()), 'protocol none'],
    [
      '100 without being asked',
      raw('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
      'protocol none',
    ],
    ['an impossible status', raw('HTTP/1.1 099 No\r\ncontent-length: 0\r\n\r\n'), 'protocol none'],
    ['a status without digits', raw('HTTP/1.1 abc No\r\n\r\n'), 'protocol none'],
    ['two lengths', raw('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'), 'protocol none'],
    [
      'a length and chunks',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'),
      'protocol none',
    ],
    ['nonsense', raw(Buffer.from([0, 1, 2, 3, 255, 254])), 'protocol none'],
    ['invalid chunks after a good status: the status is the verdict', raw(wire.invalidChunking()), 'delivered'],
  ])('%s', async (_what, step, kind) => {
    const receiver = await receiverWith();
    const sender = senderWith();
    expect(kindOf(await postTo(receiver, step, sender))).toBe(kind);
    expect(shortOf(await postTo(receiver, 200, sender))).toBe(200);
  });

  test('a second answer to one request never becomes the answer to the next', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in', [{ kind: 'raw', bytes: wire.twoAnswers(), then: 'hang' }, 201]);
    const sender = senderWith();
    expect(shortOf(await post(sender, url))).toBe(500);
    expect(shortOf(await post(sender, url))).toBe(201);
  });

  test('headers with the names of an object’s own members are headers', async () => {
    const names = '__proto__: a\r\nconstructor: b\r\nconstructor: c\r\nhasownproperty: d\r\n';
    const result = await postTo(await receiverWith(), raw(`HTTP/1.1 200 OK\r\n${names}content-length: 0\r\n\r\n`));
    expect(result).toMatchObject({ answer: { status: 200, headers: { constructor: 'b, c', hasownproperty: 'd' } } });
  });
});

describe('a body', () => {
  test.each([
    [0, '', false],
    [BODY_BYTES - 1, undefined, false],
    [BODY_BYTES, undefined, false],
    [BODY_BYTES + 1, undefined, true],
    [BODY_BYTES * 4, undefined, true],
  ])('of %i bytes is kept up to 16 KiB, and the connection is kept', async (bytes, _text, truncated) => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in', [respond(200, { body: 'x'.repeat(bytes) })]);
    const sender = senderWith();
    const result = await post(sender, url);
    expect(result).toMatchObject({
      answer: { body: 'x'.repeat(Math.min(bytes, BODY_BYTES)), bodyTruncated: truncated },
    });
    await connectionsIdle();
    await post(sender, url);
    expect(receiver.connectionsOpened).toBe(1);
  });

  test('of a gigabyte costs some kilobytes: the status is the verdict and the connection is closed', async () => {
    const receiver = await receiverWith();
    const sender = senderWith({ timeoutMs: 5_000 });
    const before = process.memoryUsage();
    const step = { kind: 'huge-body', bytes: 1_000_000_000 } as const;
    const results = await Promise.all(Array.from({ length: 8 }, () => postTo(receiver, step, sender)));
    const kept = results.map((result) => result.kind === 'answer' && [result.answer.status, result.answer.body.length]);
    expect(kept).toEqual(Array(8).fill([200, BODY_BYTES]));
    const abandoned = await receiver.waitFor(
      (all) => all.every(({ completion }) => completion === 'abandoned'),
      FREED_MS,
    );
    expect(abandoned).toHaveLength(8);
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(500_000_000);
  });

  test('that is a gzip bomb is not inflated', async () => {
    const receiver = await receiverWith();
    const result = await postTo(receiver, { kind: 'gzip-bomb', inflatedBytes: 50_000_000 });
    expect(result).toMatchObject({
      answer: { status: 200, headers: { 'content-encoding': 'gzip' }, bodyTruncated: true },
    });
    expect(result.kind === 'answer' && result.answer.body.length).toBeLessThanOrEqual(BODY_BYTES);
  });

  test('that isn’t UTF-8 is text all the same', async () => {
    const result = await postTo(await receiverWith(), respond(500, { body: Buffer.from([0x61, 0xff, 0xfe, 0x62]) }));
    expect(result).toMatchObject({ answer: { body: 'a\ufffd\ufffdb' } });
  });
});

interface ClosingEndpoint {
  readonly url: string;
  readonly server: TlsServer;
  /** Of each connection: whether it went on with an earlier session. */
  readonly resumed: boolean[];
}

/** Answers 200 and closes the connection. */
async function closingEndpoint(
  { certificatePem: cert, keyPem: key }: Certificate,
  maxVersion: SecureVersion = 'TLSv1.3',
): Promise<ClosingEndpoint> {
  const resumed: boolean[] = [];
  const server = createTlsServer({ cert, key, maxVersion }, (socket) => {
    resumed.push(socket.isSessionReused());
    socket
      .on('error', () => undefined)
      .once('data', () => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, server, resumed };
}

describe('TLS', () => {
  test.each<[string, () => Promise<ReceiverOptions>, string]>([
    ['an expired certificate', async () => ({ certificate: await expiredCertificate(ca) }), 'CERT_HAS_EXPIRED'],
    [
      'a certificate of its own',
      async () => ({ certificate: await selfSignedCertificate() }),
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
    [
      'the certificate of another host',
      async () => ({ certificate: await wrongHostCertificate(ca) }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    [
      'another authority’s certificate',
      async () => ({ certificate: await (await createCertificateAuthority()).issue() }),
      'CERT_SIGNATURE_FAILURE',
    ],
    ['TLS 1.0 only', () => Promise.resolve({ tls: TLS_1_0 }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    [
      'TLS 1.1 only',
      () => Promise.resolve({ tls: { ...TLS_1_0, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } }),
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    ],
    [
      'no certificate without a server name',
      () => Promise.resolve({ requireServerName: true }),
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    ],
  ])(
    'an endpoint with %s gets no request: the reason is told, and it is tried once',
    async (_what, options, detail) => {
      const receiver = await receiverWith(await options());
      const result = await postTo(receiver, 200);
      expect(result).toMatchObject({ kind: 'no-answer', failure: 'tls', detail });
      expect([receiver.requests().length, receiver.connectionsOpened]).toEqual([0, 1]);
    },
  );

  test('an endpoint that demands a certificate of ours gets no request', async () => {
    const receiver = await receiverWith({
      tls: { requestCert: true, rejectUnauthorized: true, ca: ca.certificatePem },
    });
    const result = await postTo(receiver, 200);
    expect(['tls', 'reset']).toContain(shortOf(result));
    expect(receiver.requests()).toHaveLength(0);
  });

  test('an endpoint that speaks no TLS gets no byte of the event', async () => {
    const received: Buffer[] = [];
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (chunk) => {
          received.push(chunk);
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const result = await post(
      senderWith(),
      `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      '{"secret":1}',
    );
    expect([shortOf(result), Buffer.concat(received).includes('secret')]).toEqual(['tls', false]);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'an endpoint that closes its connections is met again with its session: %s',
    async (maxVersion) => {
      const endpoint = await closingEndpoint(await ca.issue(), maxVersion);
      const sender = senderWith();
      for (let n = 0; n < 4; n += 1) expect(shortOf(await post(sender, endpoint.url))).toBe(200);
      expect(endpoint.resumed).toEqual([false, true, true, true]);
    },
  );

  test('a session opens nothing where another has taken the endpoint’s place', async () => {
    const { certificatePem, keyPem } = await selfSignedCertificate();
    const endpoint = await closingEndpoint(await ca.issue());
    const sender = senderWith();
    expect(shortOf(await post(sender, endpoint.url))).toBe(200);
    endpoint.server.setSecureContext({ cert: certificatePem, key: keyPem });
    endpoint.server.setTicketKeys(randomBytes(48));
    expect(await post(sender, endpoint.url)).toMatchObject({ failure: 'tls', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  test('a name is verified by name', async () => {
    const receiver = await receiverWith();
    receiver.endpoint('/in');
    expect(shortOf(await post(senderWith(), receiver.url('/in', 'localhost')))).toBe(200);
  });
});

describe('connections', () => {
  test('are kept and used again', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in');
    const sender = senderWith();
    for (let n = 0; n < 20; n += 1) {
      expect(shortOf(await post(sender, url))).toBe(200);
      await connectionsIdle();
    }
    expect(receiver.connectionsOpened).toBe(1);
  });

  test('without a pause between answer and next request there is one more than requests under way', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in');
    const sender = senderWith();
    for (let n = 0; n < 20; n += 1) expect(shortOf(await post(sender, url))).toBe(200);
    expect(receiver.connectionsOpened).toBeLessThanOrEqual(2);
  });

  test('one request at a time on each: a slow answer holds nobody up', async () => {
    const receiver = await receiverWith();
    const slow: Script = (_request, before) => (before === 0 ? respond(200, { delayMs: 300 }) : 200);
    const { url } = receiver.endpoint('/in', slow);
    const sender = senderWith();
    const order: number[] = [];
    const first = post(sender, url).then(() => order.push(1));
    await receiver.waitFor((requests) => requests.length === 1, 10_000);
    await post(sender, url).then(() => order.push(2));
    await first;
    expect([order, receiver.connectionsOpened]).toEqual([[2, 1], 2]);
  });

  test('one that the endpoint closed while idle costs no attempt', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in', [respond(200, { close: 'silent' })]);
    const sender = senderWith();
    for (let n = 0; n < 5; n += 1) {
      expect(shortOf(await post(sender, url))).toBe(200);
      await allFreed(receiver);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('one that the endpoint announced to close is not used again', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in', [respond(200, { close: 'announced' })]);
    const sender = senderWith();
    for (let n = 0; n < 5; n += 1) expect(shortOf(await post(sender, url))).toBe(200);
    expect(receiver.connectionsOpened).toBe(5);
  });

  test('one that is closed in the very moment of reuse: the attempt ends at once, and the next one is well', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in', ({ requestOfConnection }) =>
      requestOfConnection > 1 ? { kind: 'close' } : 200,
    );
    const sender = senderWith();
    const results = [];
    for (let n = 0; n < 3; n += 1) {
      results.push(shortOf(await post(sender, url)));
      await connectionsIdle();
    }
    expect(results).toEqual([200, 'reset', 200]);
  });

  test('end with the sender, and what is under way then is a fault of our own', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in', [{ kind: 'hang', when: 'before-headers' }]);
    const sender = senderWith({ timeoutMs: 5_000 });
    const hanging = post(sender, url);
    await receiver.waitFor((requests) => requests.length === 1, 10_000);
    await sender.close();
    expect([shortOf(await hanging), shortOf(await post(sender, url))]).toEqual(['own', 'own']);
    await allFreed(receiver);
  });
});

describe('nobody is there', () => {
  test('nothing listens', async () => {
    const listener = await silent();
    await listener.close();
    expect(shortOf(await post(senderWith(), `https://127.0.0.1:${listener.port}/`))).toBe('refused');
  });

  test('the host has no address', async () => {
    expect(shortOf(await post(senderWith({ timeoutMs: 5_000 }), 'https://no-such-host.invalid/'))).toBe('dns');
  });
});

describe('no packet goes to an address that webhooks may not reach', () => {
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '①②⑦.⓪.⓪.①',
    '127.0.0.1.',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    'localhost',
    'LOCALHOST',
    'localhost.',
  ];

  test.each(hosts)('%s', async (host) => {
    const canaries = [await silent('127.0.0.1'), await silent('::1')];
    const sender = senderWith({ allowedNetworks: [] });
    for (const { port } of canaries) {
      const result = await post(sender, `https://${host}:${port}/latest/meta-data`);
      // Not every resolver knows the name with its final dot.
      expect(host === 'localhost.' ? 'blocked-address' : shortOf(result)).toBe('blocked-address');
      expect(result.kind).toBe('no-answer');
    }
    expect(canaries.map(({ connections }) => connections)).toEqual([0, 0]);
  });

  test.each(['169.254.169.254', '10.0.0.1', '100.100.100.200', '[fd00:ec2::254]', '[fe80::1]', '[64:ff9b::7f00:1]'])(
    '%s is refused before it is dialled, at once',
    async (host) => {
      const result = await within(200, () => post(senderWith({ allowedNetworks: [] }), `https://${host}/`));
      expect(shortOf(result)).toBe('blocked-address');
    },
  );

  const resolvingTo = (...answers: readonly (readonly string[])[]): ResolveHost => {
    let asked = 0;
    return (_hostname, _options, callback) => {
      const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
      setImmediate(() =>
        callback(
          null,
          addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })),
        ),
      );
    };
  };

  test.each([
    ['loopback alone', ['127.0.0.1']],
    ['a public address first', ['93.184.216.34', '127.0.0.1']],
    ['a public address last', ['::1', '2606:2800:220:1::1']],
    ['public IPv4 and private IPv6', ['93.184.216.34', 'fd00::1', '::1']],
    ['metadata among many', ['93.184.216.34', '169.254.169.254', '93.184.216.35']],
  ])('a name that resolves to %s: one bad address refuses all', async (_what, addresses) => {
    const canaries = [await silent('127.0.0.1'), await silent('::1')];
    const sender = senderWith({ allowedNetworks: [], resolve: resolvingTo(addresses) });
    for (const { port } of canaries)
      expect(shortOf(await post(sender, `https://hooks.example:${port}/`))).toBe('blocked-address');
    expect(canaries.map(({ connections }) => connections)).toEqual([0, 0]);
  });

  test('a name that is good now and bad the next time: what counts is where the connection goes', async () => {
    const receiver = await receiverWith({ certificate: await ca.issue({ names: ['hooks.example'] }) });
    receiver.endpoint('/in', [respond(200, { close: 'announced' })]);
    const canary = await silent('127.0.0.2', receiver.port);
    const resolve = resolvingTo(['127.0.0.1'], ['127.0.0.2']);
    const sender = senderWith({ allowedNetworks: ['127.0.0.1/32'], resolve });
    const url = receiver.url('/in', 'hooks.example');
    expect([shortOf(await post(sender, url)), shortOf(await post(sender, url))]).toEqual([200, 'blocked-address']);
    expect(canary.connections).toBe(0);
  });

  test('a name without an address, and one whose servers never answer', async () => {
    const empty = senderWith({ allowedNetworks: [], resolve: resolvingTo([]) });
    expect(shortOf(await post(empty, 'https://hooks.example/'))).toBe('dns');
    const hanging = senderWith({ ...HASTY, allowedNetworks: [], resolve: () => undefined });
    const result = await within(TIMEOUT_MS + GRACE_MS, () => post(hanging, 'https://hooks.example/'));
    expect(shortOf(result)).toBe('connect-timeout');
  });

  test('what the operator allows is reached, and nothing beside it', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in');
    expect(shortOf(await post(senderWith({ allowedNetworks: ['127.0.0.1/32'] }), url))).toBe(200);
    expect(shortOf(await post(senderWith({ allowedNetworks: ['127.0.0.2/32'] }), url))).toBe('blocked-address');
  });

  test('it is an outcome that the Owner can read, and the address is not told', async () => {
    const result = await post(senderWith({ allowedNetworks: [] }), 'https://127.0.0.1/');
    expect([kindOf(result), JSON.stringify(result).includes('127.0.0.1')]).toEqual(['blocked-address none', false]);
  });
});

describe('a stored webhook can’t smuggle', () => {
  test('whatever its headers are, one POST is one request', async () => {
    const receiver = await receiverWith();
    const { url } = receiver.endpoint('/in');
    const sender = senderWith();
    const attacks = [
      { name: 'content-length', value: '3' },
      { name: 'transfer-encoding', value: 'chunked' },
      { name: 'x-a', value: 'b\r\n\r\nGET /admin HTTP/1.1\r\nhost: x\r\n\r\n' },
      { name: 'connection', value: 'upgrade' },
    ];
    const verdicts = attacks.map((header) => compileEndpoint(webhookOf({ url, headers: [header] }), 'ua').kind);
    expect(verdicts).toEqual(attacks.map(() => 'refused'));
    // Even past that check, the client itself refuses them or sends them as they must be.
    for (const { name, value } of attacks) {
      const { origin } = new URL(url);
      await sender.send({
        method: 'POST',
        origin,
        path: '/in',
        headers: { [name]: value },
        body: Buffer.from('{"a":1}'),
      });
    }
    await post(sender, url);
    expect(receiver.requests().every(({ method, url: target }) => method === 'POST' && target === '/in')).toBe(true);
    expect(receiver.requests(({ url: target }) => target.includes('admin'))).toHaveLength(0);
  });
});

async function silent(host = '127.0.0.1', port = 0): Promise<SilentListener> {
  const listener = await startSilentListener({ host, port });
  cleanups.push(() => listener.close());
  return listener;
}

/** A port that lets connections through to `port`, `delayMs` late. */
async function slowDoor(port: number, delayMs: number): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    setTimeout(() => {
      const through = connect(port, '127.0.0.1');
      through.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket.on('close', () => through.destroy());
      socket.pipe(through).pipe(socket);
    }, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
