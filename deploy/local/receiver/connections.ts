import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  readonly number: number;
  requests: number;
  endedAt: number | undefined;
}

/**
 * The TCP connections of a receiver: how many there were, how many are open, and how to end them.
 *
 * A TLS socket can't send a TCP reset; the socket below it can. Both know the client's port, and that is what they are
 * matched by: a port is not used again while its connection is open.
 */
export class Connections {
  readonly #open = new Map<number, Connection>();
  readonly #onChange: () => void;
  #opened = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get opened(): number {
    return this.#opened;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Takes note of a TCP connection, before any TLS. */
  add(socket: Socket): void {
    const port = socket.remotePort ?? 0;
    const connection: Connection = { socket, number: (this.#opened += 1), requests: 0, endedAt: undefined };
    this.#open.set(port, connection);
    socket.on('close', () => {
      if (this.#open.get(port) === connection) this.#open.delete(port);
      this.#onChange();
    });
    this.#onChange();
  }

  /** Counts a request; tells the connection's number and the request's number on it, both from 1. */
  countRequest(socket: Socket): { readonly connection: number; readonly requestOfConnection: number } {
    const connection = this.#open.get(socket.remotePort ?? 0);
    if (connection === undefined) return { connection: 0, requestOfConnection: 1 };
    connection.requests += 1;
    return { connection: connection.number, requestOfConnection: connection.requests };
  }

  /**
   * Ends the connection as a server does that finds it idle: unless another request has come on it. One that is still on
   * its way gets no answer.
   */
  endIdle(socket: Socket, requestOfConnection: number): void {
    const connection = this.#open.get(socket.remotePort ?? 0);
    if (connection === undefined || connection.requests !== requestOfConnection) return;
    connection.endedAt = Date.now();
    socket.end();
  }

  /** Epoch ms at which it was ended as idle; undefined when it wasn't. */
  endedAt(socket: Socket): number | undefined {
    return this.#open.get(socket.remotePort ?? 0)?.endedAt;
  }

  /** Ends the connection of this (TLS) socket with a TCP reset. */
  reset(socket: Socket): void {
    const connection = this.#open.get(socket.remotePort ?? 0);
    if (connection === undefined) socket.destroy();
    else connection.socket.resetAndDestroy();
  }

  destroyAll(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }
}
