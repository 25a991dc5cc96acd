import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connections } from './connections.js';
import { playStep } from './play-step.js';
import type { Completion, OpenRequest } from './recorded-request.js';
import type { RequestLog } from './request-log.js';
import type { ScriptCursor } from './script-cursor.js';
import type { Step } from './step.js';

/**
 * One request from arrival to end: chooses the step when the headers are there, reads the body, puts the request into
 * the log, plays the step, notes how it ended.
 *
 * A request is in the log as soon as its body is complete and before anything is answered, so whoever has seen an
 * answer finds the request recorded. One whose body is cut off, by the script or by the client, is in the log too.
 */
export interface Serving {
  /** By path. */
  readonly cursors: ReadonlyMap<string, ScriptCursor>;
  readonly connections: Connections;
  readonly log: RequestLog;
}

const NO_ENDPOINT: Step = { kind: 'respond', status: 404 };
const NO_BODY = Buffer.alloc(0);

export function serveRequest(request: IncomingMessage, response: ServerResponse, serving: Serving): void {
  const { connections, log } = serving;
  const { socket } = request;
  const { record, step } = openRecord(request, serving);
  const settle = (completion: Completion, at = Date.now()): void => {
    if (record.completion !== 'pending') return;
    record.completion = completion;
    record.completedAt = at;
    record.completedAtMonotonic = performance.now();
    log.changed();
  };
  const play = (): void =>
    playStep(step, {
      response,
      socket,
      reset: () => connections.reset(socket),
      endIdle: () => connections.endIdle(socket, record.requestOfConnection),
      settle,
    });
  const endedAt = connections.endedAt(socket);
  if (endedAt !== undefined) settle('cut', endedAt);

  response.on('finish', () => settle('answered'));
  response.on('close', () => settle('abandoned'));
  response.on('error', () => undefined);
  if (step.kind === 'reset' && step.when === 'before-body') {
    log.add(record);
    play();
    return;
  }
  readBody(request, (body, complete) => {
    record.body = body;
    log.add(record);
    if (complete && endedAt === undefined) play();
  });
}

function openRecord(request: IncomingMessage, serving: Serving): { record: OpenRequest; step: Step } {
  const url = request.url ?? '';
  const path = url.split('?', 1)[0] ?? '';
  const cursor = serving.cursors.get(path);
  const record: OpenRequest = {
    endpoint: cursor === undefined ? undefined : path,
    method: request.method ?? '',
    url,
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    arrivedAt: Date.now(),
    arrivedAtMonotonic: performance.now(),
    ...serving.connections.countRequest(request.socket),
    step: NO_ENDPOINT,
    body: NO_BODY,
    completion: 'pending',
    completedAt: undefined,
    completedAtMonotonic: undefined,
  };
  if (cursor !== undefined) record.step = cursor.next(record);
  return { record, step: record.step };
}

/** Calls `done` once: with the whole body, or with what there was when the connection broke. */
function readBody(request: IncomingMessage, done: (body: Buffer, complete: boolean) => void): void {
  const chunks: Buffer[] = [];
  let settled = false;
  const settle = (complete: boolean): void => {
    if (settled) return;
    settled = true;
    done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks), complete);
  };
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => settle(true));
  request.on('error', () => settle(false));
  request.on('close', () => settle(false));
}
