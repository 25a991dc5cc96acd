/**
 * Answers that no HTTP library would send, as the bytes of the connection: for steps of kind `raw`.
 * Each is a thing that a client has to survive with a bounded amount of memory and a reason that it can name.
 */

/** A 200 with `count` headers of about 40 bytes. */
export function manyHeaders(count: number): Buffer {
  const lines = Array.from({ length: count }, (_, index) => `x-header-${index}: ${'v'.repeat(24)}\r\n`);
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${lines.join('')}\r\n`);
}

/** `count` interim answers (102 Processing), then a 200. */
export function informationalFlood(count: number): Buffer {
  return Buffer.from(`${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(count)}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`);
}

/** 101 to a client that asked for no upgrade. */
export function switchingProtocols(): Buffer {
  return Buffer.from('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: nonsense\r\n\r\n');
}

/** A 200 whose chunk size is no number. */
export function invalidChunking(): Buffer {
  return Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot-a-size\r\nbody\r\n0\r\n\r\n');
}

/** A 200 that ends with the connection, in the midst of what it announced. */
export function truncatedBody(): Buffer {
  return Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this');
}

/** HTTP/0.9: a body without status line and headers. */
export function http09(): Buffer {
  return Buffer.from('<html>hello from 1991</html>');
}

/** Two answers for one request: the second must not become the answer to the next request. */
export function twoAnswers(): Buffer {
  return Buffer.from('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
}
