import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Agent, request as send } from 'undici';
import type { CertificateAuthority } from '../../../deploy/local/receiver/certificate-authority.js';
import {
  createCertificateAuthority,
  expiredCertificate,
  selfSignedCertificate,
  wrongHostCertificate,
} from '../../../deploy/local/receiver/certificate-authority.js';
import type { Receiver } from '../../../deploy/local/receiver/receiver.js';
import { startReceiver } from '../../../deploy/local/receiver/receiver.js';
import type { ReceiverOptions } from '../../../deploy/local/receiver/receiver-options.js';
import { TLS_1_0 } from '../../../deploy/local/receiver/receiver-options.js';
import type { Script } from '../../../deploy/local/receiver/script-cursor.js';
import { startSilentListener } from '../../../deploy/local/receiver/silent-listener.js';
import type { Step } from '../../../deploy/local/receiver/step.js';
import { respond } from '../../../deploy/local/receiver/step.js';
import { startUnacceptingListener } from '../../../deploy/local/receiver/unaccepting-listener.js';
import * as wire from '../../../deploy/local/receiver/wire-answers.js';

let ca: CertificateAuthority;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  ca = await createCertificateAuthority();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = await startReceiver({ ca, ...options });
  cleanups.push(() => receiver.close());
  return receiver;
}

function client(options: Agent.Options = {}): Agent {
  const agent = new Agent({ connect: { ca: ca.certificatePem, timeout: 1_000 }, ...options });
  cleanups.push(() => agent.destroy());
  return agent;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

async function post(
  url: string,
  dispatcher: Agent,
  headers: Record<string, string> = {},
  body = '{"event_id":"e1"}',
): Promise<Answer> {
  const answer = await send(url, { method: 'POST', body, headers, dispatcher, signal: AbortSignal.timeout(5_000) });
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) };
}

/** The answer's status, or the code (else the name) of what went wrong. */
async function outcome(promise: Promise<Answer>): Promise<number | string> {
  return promise.then(
    (answer) => answer.status,
    (error: unknown) => {
      const { code, name } = error as { code?: unknown; name: string };
      return typeof code === 'string' ? code : name;
    },
  );
}

/** Posts once to an endpoint with this script, giving up after 400 ms. */
async function postTo(receiver: Receiver, step: Step, options: Agent.Options = {}): Promise<number | string> {
  const endpoint = receiver.endpoint('/sick', [step]);
  return outcome(post(endpoint.url, client({ headersTimeout: 400, bodyTimeout: 400, ...options })));
}

describe('the record', () => {
  test('holds method, URL with its query, headers, the raw bytes of the body, the step and the completion', async () => {
    const receiver = await start();
    const endpoint = receiver.endpoint('/a', [respond(202, { headers: { 'x-answer': 'yes' }, body: 'thanks' })]);
    const before = Date.now();
    const body = '{"name":"Zoë 🎧","html":"</script>"}';
    const answer = await post(`${endpoint.url}?key=v%20w`, client(), { 'webhook-id': 'msg_1', 'X-Own': 'a' }, body);
    expect([answer.status, answer.headers['x-answer'], answer.body.toString()]).toEqual([202, 'yes', 'thanks']);
    const [request] = await receiver.waitFor((requests) => requests[0]?.completion === 'answered', 10_000);
    expect(request).toMatchObject({ endpoint: '/a', method: 'POST', url: '/a?key=v%20w', connection: 1 });
    expect(request?.headers).toMatchObject({ 'webhook-id': 'msg_1', 'x-own': 'a' });
    expect(request?.rawHeaders).toContain('X-Own');
    expect(request?.body.equals(Buffer.from(body))).toBe(true);
    expect(request?.step).toMatchObject({ kind: 'respond', status: 202 });
    expect(request?.arrivedAt).toBeGreaterThanOrEqual(before);
    expect(request?.completedAt).toBeLessThanOrEqual(Date.now());
    expect(endpoint.requests()).toHaveLength(1);
  });

  test('has the request before its answer is seen, in order of completion, for all endpoints and for each', async () => {
    const receiver = await start();
    const [a, b] = [receiver.endpoint('/a'), receiver.endpoint('/b', [500, 200])];
    const agent = client();
    const statuses = [];
    for (const { url } of [a, b, b, a]) statuses.push((await post(url, agent)).status);
    expect(statuses).toEqual([200, 500, 200, 200]);
    expect(receiver.requests().map(({ endpoint }) => endpoint)).toEqual(['/a', '/b', '/b', '/a']);
    expect([a.requests().length, b.requests().length]).toEqual([2, 2]);
    expect(receiver.requests(({ step }) => step.kind === 'respond' && step.status === 500)).toHaveLength(1);
  });

  test('a path without an endpoint is answered with 404 and recorded', async () => {
    const receiver = await start();
    expect((await post(receiver.url('/nobody'), client())).status).toBe(404);
    expect(receiver.requests()[0]?.endpoint).toBeUndefined();
  });

  test('tells reused connections from new ones', async () => {
    const receiver = await start();
    const { url } = receiver.endpoint('/a', [200, respond(200, { close: 'announced' }), 200]);
    const agent = client({ connections: 1 });
    for (let count = 0; count < 3; count += 1) await post(url, agent);
    const seen = receiver.requests().map(({ connection, requestOfConnection }) => [connection, requestOfConnection]);
    expect(seen).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(receiver.connectionsOpened).toBe(2);
  });

  test('each event fails twice and then succeeds', async () => {
    const receiver = await start();
    const { url } = receiver.endpoint('/flaky', { perEvent: [500, 500, 200] });
    const agent = client();
    const statuses = [];
    for (const id of ['x', 'y', 'x', 'y', 'x', 'y'])
      statuses.push((await post(url, agent, { 'webhook-id': id })).status);
    expect(statuses).toEqual([500, 500, 500, 500, 200, 200]);
  });

  test.each(['127.0.0.1', 'localhost'])('the certificate holds for %s', async (host) => {
    const receiver = await start();
    receiver.endpoint('/a');
    expect((await post(receiver.url('/a', host), client())).status).toBe(200);
  });
});

describe('sick answers', () => {
  test.each<[string, Step, number | string]>([
    ['hangs before the headers', { kind: 'hang', when: 'before-headers' }, 'UND_ERR_HEADERS_TIMEOUT'],
    ['hangs after the headers', { kind: 'hang', when: 'after-headers' }, 'UND_ERR_BODY_TIMEOUT'],
    ['drips headers', { kind: 'drip-headers', everyMs: 20 }, 'UND_ERR_HEADERS_TIMEOUT'],
    ['resets before the body is read', { kind: 'reset', when: 'before-body' }, 'ECONNRESET'],
    ['resets after the body is read', { kind: 'reset', when: 'after-body' }, 'ECONNRESET'],
    ['resets within its answer', { kind: 'reset', when: 'within-answer' }, 'ECONNRESET'],
    ['closes without an answer', { kind: 'close' }, 'UND_ERR_SOCKET'],
    ['redirects', { kind: 'redirect', to: 'https://169.254.169.254/', status: 307 }, 307],
    ['answers 429 with Retry-After', respond(429, { headers: { 'retry-after': '1e9' } }), 429],
    ['is gone', respond(410), 410],
    ['answers 204', respond(204), 204],
    ['answers 304', respond(304), 304],
    ['answers late', respond(200, { delayMs: 100 }), 200],
    ['drips a short body', { kind: 'drip-body', everyMs: 5, bytes: 10 }, 200],
    ['chunks wrongly', { kind: 'raw', bytes: wire.invalidChunking(), then: 'close' }, 'HTTPParserError'],
    ['ends within its body', { kind: 'raw', bytes: wire.truncatedBody(), then: 'close' }, 'UND_ERR_SOCKET'],
    ['speaks HTTP/0.9', { kind: 'raw', bytes: wire.http09(), then: 'close' }, 'HTTPParserError'],
    [
      'sends 10,000 headers',
      { kind: 'raw', bytes: wire.manyHeaders(10_000), then: 'close' },
      'UND_ERR_HEADERS_OVERFLOW',
    ],
    ['switches protocols', { kind: 'raw', bytes: wire.switchingProtocols(), then: 'close' }, 'UND_ERR_SOCKET'],
    ['floods with interim answers', { kind: 'raw', bytes: wire.informationalFlood(1_000), then: 'close' }, 200],
    ['answers twice', { kind: 'raw', bytes: wire.twoAnswers(), then: 'close' }, 500],
  ])('an endpoint that %s', async (_name, step, expected) => {
    const receiver = await start();
    expect(await postTo(receiver, step)).toBe(expected);
    await receiver.waitFor((requests) => requests.every(({ completion }) => completion !== 'pending'), 10_000);
    expect(receiver.requests()).toHaveLength(1);
  });

  test('a client that gives up frees the endpoint of a hang, and the record says abandoned', async () => {
    const receiver = await start();
    await postTo(receiver, { kind: 'hang', when: 'before-headers' });
    await receiver.waitFor(([request]) => request?.completion === 'abandoned', 10_000);
    await receiver.waitFor(() => receiver.connectionsOpen === 0, 10_000);
  });

  test('a body that drips one byte at a time outlasts a time-out between bytes', async () => {
    const receiver = await start();
    const { url } = receiver.endpoint('/drip', [{ kind: 'drip-body', everyMs: 20 }]);
    const signal = AbortSignal.timeout(300);
    const dispatcher = client({ bodyTimeout: 200 });
    const answer = await send(url, { method: 'POST', dispatcher, signal });
    await expect(answer.body.text()).rejects.toThrow('aborted due to timeout');
  });

  test('a huge body flows no faster than it is read, and in full to whoever wants it', async () => {
    const receiver = await start();
    const { url } = receiver.endpoint('/huge', [{ kind: 'huge-body', bytes: 5_000_001 }]);
    expect((await post(url, client())).body).toHaveLength(5_000_001);
    receiver.endpoint('/huge', [{ kind: 'huge-body', bytes: 1_000_000_000 }]);
    const before = process.memoryUsage().arrayBuffers;
    const answer = await send(url, { method: 'POST', dispatcher: client() });
    await once(answer.body, 'data');
    answer.body.on('error', () => undefined).destroy();
    await receiver.waitFor((requests) => requests[1]?.completion === 'abandoned', 10_000);
    // Of the whole process, other tests' garbage included: the body would be 1 GB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(500_000_000);
  });

  test('a gzip bomb is small on the wire', async () => {
    const receiver = await start();
    const { url } = receiver.endpoint('/bomb', [{ kind: 'gzip-bomb', inflatedBytes: 50_000_000 }]);
    const answer = await post(url, client());
    expect([answer.headers['content-encoding'], answer.body.length < 60_000]).toEqual(['gzip', true]);
  });

  test('an idle connection that is closed in silence is dead for the next request', async () => {
    const receiver = await start();
    const { url } = receiver.endpoint('/a', [respond(200, { close: 'silent' }), 200]);
    const agent = client();
    expect((await post(url, agent)).status).toBe(200);
    await receiver.waitFor(() => receiver.connectionsOpen === 0, 10_000);
    expect(await outcome(post(url, agent))).toBe(200);
    expect(receiver.connectionsOpened).toBe(2);
  });

  test('a request that was on its way when its connection was closed as idle is in the record, without an answer', async () => {
    const receiver = await start();
    receiver.endpoint('/a', [respond(200, { close: 'silent' })]);
    receiver.endpoint('/b', [{ kind: 'gzip-bomb', inflatedBytes: 1_000 }]);
    // A TLS socket knows this option; its types don't.
    const halfOpen = { port: receiver.port, host: '127.0.0.1', ca: ca.certificatePem, allowHalfOpen: true };
    const socket = connectTls(halfOpen);
    cleanups.push(() => Promise.resolve(socket.destroy()));
    const ended = once(socket.resume(), 'end');
    socket.write('POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
    await ended;
    socket.write('POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
    const [, late] = await receiver.waitFor((requests) => requests.length === 2, 10_000);
    expect(late).toMatchObject({ endpoint: '/b', requestOfConnection: 2, completion: 'cut' });
    expect(late?.completedAt).toBeLessThanOrEqual(late?.arrivedAt ?? 0);
  });

  test('a connection that is closed on reuse has its request in the record', async () => {
    const receiver = await start();
    const closesOnReuse: Script = ({ requestOfConnection }) => (requestOfConnection > 1 ? { kind: 'close' } : 200);
    const { url } = receiver.endpoint('/a', closesOnReuse);
    const agent = client({ connections: 1 });
    const outcomes = [];
    for (let count = 0; count < 3; count += 1) outcomes.push(await outcome(post(url, agent)));
    expect(outcomes).toEqual([200, 'UND_ERR_SOCKET', 200]);
    expect(receiver.requests().map(({ completion }) => completion)).toEqual(['answered', 'cut', 'answered']);
  });

  test('a request whose body is cut off by the client is recorded with what came of it', async () => {
    const receiver = await start();
    const { url } = receiver.endpoint('/a');
    const abort = new AbortController();
    async function* halfABody(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"half":');
      await new Promise((resolve) => setTimeout(resolve, 100));
      abort.abort();
      yield Buffer.from('never sent');
    }
    const options = {
      method: 'POST',
      body: Readable.from(halfABody()),
      dispatcher: client(),
      signal: abort.signal,
    } as const;
    await expect(send(url, options)).rejects.toThrow();
    const [request] = await receiver.waitFor((requests) => requests[0]?.completion === 'abandoned', 10_000);
    expect(request?.body.toString()).toBe('{"half":');
  });
});

describe('sick connections', () => {
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
    ['nothing newer than TLS 1.0', () => Promise.resolve({ tls: TLS_1_0 }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    [
      'no certificate without a server name',
      () => Promise.resolve({ requireServerName: true }),
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    ],
  ])('an endpoint with %s gets no request', async (_name, options, code) => {
    const receiver = await start(await options());
    const { url } = receiver.endpoint('/a');
    expect(await outcome(post(url, client()))).toBe(code);
    expect(receiver.requests()).toHaveLength(0);
    expect(receiver.connectionsOpened).toBe(1);
  });

  test('an endpoint that demands a client certificate gets no request', async () => {
    const receiver = await start({ tls: { requestCert: true, rejectUnauthorized: true, ca: ca.certificatePem } });
    const { url } = receiver.endpoint('/a');
    expect(typeof (await outcome(post(url, client())))).toBe('string');
    expect(receiver.requests()).toHaveLength(0);
  });

  test('TLS 1.0 is spoken to a client that still does', async () => {
    const receiver = await start({ tls: TLS_1_0 });
    const { url } = receiver.endpoint('/a');
    const old = { ca: ca.certificatePem, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect((await post(url, client({ connect: old }))).status).toBe(200);
  });

  test('a server name is enough where one is required', async () => {
    const receiver = await start({ requireServerName: true });
    receiver.endpoint('/a');
    expect((await post(receiver.url('/a', 'localhost'), client())).status).toBe(200);
  });

  test('bytes that are no HTTP are a fault, not a request', async () => {
    const receiver = await start();
    const socket = connectTls({ port: receiver.port, host: '127.0.0.1', ca: ca.certificatePem });
    socket.on('error', () => undefined);
    socket.write('EHLO example.org\r\n\r\n');
    await receiver.waitFor(() => receiver.faults.length === 1, 10_000);
    socket.destroy();
    expect(receiver.faults[0]).toMatchObject({ kind: 'http', code: 'HPE_INVALID_METHOD' });
    expect(receiver.requests()).toHaveLength(0);
  });

  test('a silent listener accepts and says nothing: the handshake hangs, and the connection is counted', async () => {
    const listener = await startSilentListener();
    cleanups.push(() => listener.close());
    expect(await outcome(post(`https://127.0.0.1:${listener.port}/`, client()))).toBe('UND_ERR_CONNECT_TIMEOUT');
    expect(listener.connections).toBe(1);
    expect(listener.received.length).toBeGreaterThan(100);
  });

  test('an unaccepting listener lets nobody in: connecting itself hangs', async () => {
    const listener = await startUnacceptingListener();
    cleanups.push(() => listener.close());
    const socket = connectTcp({ port: listener.port, host: '127.0.0.1' });
    cleanups.push(() => Promise.resolve(socket.destroy()));
    let connected = false;
    socket.on('connect', () => (connected = true));
    expect(await outcome(post(`https://127.0.0.1:${listener.port}/`, client()))).toBe('UND_ERR_CONNECT_TIMEOUT');
    expect(connected).toBe(false);
  });

  test('close destroys what is open', async () => {
    const receiver = await startReceiver({ ca });
    const { url } = receiver.endpoint('/a', [{ kind: 'hang', when: 'before-headers' }]);
    const hanging = outcome(post(url, client()));
    await receiver.waitFor((requests) => requests.length === 1, 10_000);
    await receiver.close();
    expect(await hanging).toBe('UND_ERR_SOCKET');
    expect(receiver.connectionsOpen).toBe(0);
  });
});
