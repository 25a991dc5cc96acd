import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toLogLine } from './log-line.js';
import type { RequestLog } from './request-log.js';

/**
 * Serves the log of a receiver that runs as a process of its own, on a second loopback port in plain HTTP.
 *
 * `GET /__log?from=N` answers the requests from index N on as NDJSON (LogLine). Asking from N acknowledges what stands
 * before N: those requests are forgotten, so the log of a demo that runs for days stays small. There is one reader.
 */
export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startControlServer(log: RequestLog): Promise<ControlServer> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const from = Number(searchParams.get('from') ?? '0');
    if (request.method !== 'GET' || pathname !== '/__log' || !Number.isSafeInteger(from) || from < 0) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', 'application/x-ndjson');
    log.release(from);
    const lines = log.since(from).map((entry, index) => `${JSON.stringify(toLogLine(entry, from + index))}\n`);
    response.end(lines.join(''));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
