import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the registry answers next. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A schema registry on loopback that answers as told and counts. */
export interface FakeRegistry {
  readonly url: string;
  /** `GET /schemas/ids/5`, … in order. */
  readonly requests: string[];
  readonly authorizations: (string | undefined)[];
  answer: Answer;
  /** Connections that the client has not closed. */
  readonly openSockets: () => number;
  readonly close: () => Promise<void>;
}

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const sockets = new Set<unknown>();
  const server = createServer((request, response) => {
    registry.requests.push(`${request.method} ${request.url}`);
    registry.authorizations.push(request.headers.authorization);
    registry.answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: FakeRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    authorizations: [],
    answer: json(404, { error_code: 40403, message: 'Schema not found' }),
    openSockets: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return registry;
}

export function json(status: number, body: unknown): Answer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(JSON.stringify(body));
  };
}
