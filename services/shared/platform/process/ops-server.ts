import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../metrics/metrics.js';
import type { Health, HealthReport } from './health.js';

export interface OpsServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const NOT_FOUND: Answer = { status: 404, contentType: 'text/plain', body: 'not found\n' };

/**
 * The page for supervisors and Prometheus: GET /livez, /readyz (200 or 503, with each check) and /metrics; nothing
 * else. That it answers at all proves that the event loop turns. It takes little from a stranger: no bodies, short
 * headers, few connections.
 *
 * @throws when the port is taken or the address isn't ours
 */
export async function startOpsServer(
  { host, port }: { readonly host: string; readonly port: number },
  health: Pick<Health, 'live' | 'ready'>,
  metrics: Pick<Metrics, 'render'>,
): Promise<OpsServer> {
  const limits = { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 20_000 };
  const server = createServer(limits, (request, response) => void answer(request, response, health, metrics));
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  health: Pick<Health, 'live' | 'ready'>,
  metrics: Pick<Metrics, 'render'>,
): Promise<void> {
  let found: Answer;
  try {
    found = await answerTo(request, health, metrics);
  } catch {
    found = { status: 500, contentType: 'text/plain', body: 'internal error\n' };
  }
  response.writeHead(found.status, {
    'content-type': found.contentType,
    'content-length': Buffer.byteLength(found.body),
    'cache-control': 'no-store',
    ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : found.body);
}

async function answerTo(
  { method, url = '' }: IncomingMessage,
  health: Pick<Health, 'live' | 'ready'>,
  metrics: Pick<Metrics, 'render'>,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return NOT_FOUND;
  const [path] = url.split('?', 1);
  if (path === '/livez') return healthAnswer(await health.live());
  if (path === '/readyz') return healthAnswer(await health.ready());
  return path === '/metrics' ? { status: 200, ...(await metrics.render()) } : NOT_FOUND;
}

function healthAnswer(report: HealthReport): Answer {
  return { status: report.ok ? 200 : 503, contentType: 'application/json', body: `${JSON.stringify(report)}\n` };
}
