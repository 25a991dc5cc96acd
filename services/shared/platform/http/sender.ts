import type { Dispatcher } from 'undici';
import type { SendResult } from '../../core/outcome.js';
import type { HttpRequest } from '../../core/request.js';
import { Deadline } from './deadline.js';
import { createGuardedConnector, type ResolveHost } from './guarded-connector.js';
import { OriginPools } from './origin-pools.js';
import type { AddressPolicy } from './public-address.js';
import { sendFailureOf } from './send-failure.js';

/**
 * Sends the request of an attempt and reports what came back, always as a value.
 *
 * "Success is a 2xx within the time-out. A redirect is never followed." One deadline bounds the whole attempt, from
 * the wait for a connection to the last byte: the time-outs of the client bound phases only, and a body that drips a
 * byte a second would pass them all. The body is kept up to `responseBodyBytes` and read on to four times that, so
 * that a chatty endpoint keeps its connection; beyond, the connection is closed. Nothing is inflated
 * (`accept-encoding: identity`, and no decoder here), nothing is thrown, no URL or header is logged.
 *
 * The client's dispatch interface is used as it is, without streams: this is the hot path.
 */
export interface SenderOptions {
  readonly policy: AddressPolicy;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly responseBodyBytes: number;
  /** Connections kept open at most, idle ones included; 4,096 when absent. */
  readonly maxConnections?: number;
  /** PEM of the authority to trust instead of the system's; production leaves it out. */
  readonly ca?: string;
  /** Finds the addresses of a name; the system's resolver by default. */
  readonly resolve?: ResolveHost;
}

export interface Sender {
  /** `onEnd` is called as the endpoint has answered, or won't. */
  send(request: HttpRequest, onEnd?: () => void): Promise<SendResult>;
  close(): Promise<void>;
  /** Connections that are open. */
  readonly connections: number;
}

const READ_ON_FACTOR = 4;
const IDLE_CONNECTION_MS = 15_000;
const MAX_CONNECTIONS = 4_096;

export function createSender(options: SenderOptions): Sender {
  const pools = new OriginPools({
    connect: createGuardedConnector(options),
    keepAliveMs: IDLE_CONNECTION_MS,
    maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
  });
  return {
    send: (request, onEnd) =>
      new Promise((resolve) => {
        const exchange = new Exchange(options, (result) => {
          onEnd?.();
          resolve(result);
        });
        try {
          pools.dispatch(request, exchange);
        } catch (error) {
          exchange.onResponseError(null, error as Error);
        }
      }),
    close: () => pools.destroy(),
    get connections() {
      return pools.connections;
    },
  };
}

/** One request and its answer. Settles exactly once; what the client reports afterwards is ignored. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #bodyLimit: number;
  readonly #deadline: Deadline;
  readonly #resolve: (result: SendResult) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #kept = 0;
  #received = 0;

  constructor(options: SenderOptions, resolve: (result: SendResult) => void) {
    this.#bodyLimit = options.responseBodyBytes;
    this.#resolve = resolve;
    this.#deadline = new Deadline(options.timeoutMs, () => this.#onDeadline());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(new Error('too late'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) this.#headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.byteLength;
    if (this.#kept < this.#bodyLimit) {
      const kept = chunk.subarray(0, this.#bodyLimit - this.#kept);
      this.#chunks.push(kept);
      this.#kept += kept.byteLength;
    }
    if (this.#received > this.#bodyLimit * READ_ON_FACTOR) {
      this.#settleWithAnswer(true);
      controller.abort(new Error('body too long'));
    }
  }

  onResponseEnd(): void {
    this.#settleWithAnswer(this.#received > this.#kept);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    // The verdict is in the status: an answer whose body breaks off is still that answer.
    if (this.#status !== 0) this.#settleWithAnswer(true);
    else this.#settle({ kind: 'no-answer', ...sendFailureOf(error), durationMs: this.#deadline.elapsedMs });
  }

  #onDeadline(): void {
    const failure = this.#controller === null ? 'connect-timeout' : 'timeout';
    if (this.#status !== 0) this.#settleWithAnswer(true);
    else this.#settle({ kind: 'no-answer', failure, detail: 'deadline', durationMs: this.#deadline.elapsedMs });
    this.#controller?.abort(new Error('deadline'));
  }

  #settleWithAnswer(bodyTruncated: boolean): void {
    this.#settle({
      kind: 'answer',
      answer: {
        status: this.#status,
        headers: this.#headers,
        body: this.#kept === 0 ? '' : Buffer.concat(this.#chunks).toString('utf8'),
        bodyTruncated,
        durationMs: this.#deadline.elapsedMs,
      },
    });
  }

  #settle(result: SendResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#deadline.clear();
    this.#chunks = [];
    this.#resolve(result);
  }
}
