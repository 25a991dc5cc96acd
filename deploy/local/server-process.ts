/**
 * Runs one server as a local process: starts it with its output in a log file, waits for its handshake, stops it.
 * The wait ends at the first of: the handshake is done, the process has ended, the bound is over, the start was
 * called off. In the last three cases the caller gets one sentence with the end of the log.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { endProcess } from './end-process.js';
import type { ProcessGuard } from './process-guard.js';
import { serverLogTail } from './server-log.js';
import { StackError } from './stack-error.js';

/** SIGTERM to SIGKILL. mongod and Kafka need about a second to close their files. */
const stopWithinMs = 8_000;

/** A server of the stack that runs and answers. */
export interface RunningServer {
  /** The address under which services reach it. */
  readonly address: string;
  stop(): Promise<void>;
}

export interface ServerProcess {
  /** "Kafka", in front of every line about it. */
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly port: number;
  readonly address: string;
  readonly readyWithinMs: number;
  /** Resolves when the server answers as its clients need it to; `signal` calls the wait off. */
  readonly handshake: (signal: AbortSignal) => Promise<void>;
}

export interface StartOptions {
  readonly guard: ProcessGuard;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Starts a server and waits for its handshake. Throws StackError; the process has ended then. */
export async function startServerProcess(server: ServerProcess, options: StartOptions): Promise<RunningServer> {
  const { label, logFile } = server;
  const shownLog = relative(process.cwd(), logFile);
  const { guard, report, signal } = options;
  signal.throwIfAborted();
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const startedAt = performance.now();
  const child = guard.spawn(server.command, server.args, {
    cwd: server.cwd,
    env: { ...process.env, ...server.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  report(`${label}: starting on 127.0.0.1:${server.port}, process ${child.pid}, log in ${shownLog}`);
  let phase: 'starting' | 'ready' | 'stopping' = 'starting';
  const failed = new AbortController();
  child.once('exit', (code, killedBy) => {
    const how = `${label} ended by itself (${killedBy ?? `exit code ${code}`})`;
    if (phase === 'starting') failed.abort(new StackError(`${how}; from its log:`, serverLogTail(logFile)));
    if (phase === 'ready') report(`${how}: see ${shownLog}`);
  });
  const late = setTimeout(
    () => failed.abort(new StackError(lateSentence(server), serverLogTail(logFile))),
    server.readyWithinMs,
  );
  const stop = async () => {
    phase = 'stopping';
    await endProcess(child, stopWithinMs);
  };
  try {
    await server.handshake(AbortSignal.any([signal, failed.signal]));
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    throw failed.signal.aborted ? failed.signal.reason : error;
  } finally {
    clearTimeout(late);
  }
  phase = 'ready';
  report(`${label}: ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return { address: server.address, stop: () => stop().then(() => report(`${label}: stopped`)) };
}

function lateSentence({ label, readyWithinMs }: ServerProcess): string {
  return `${label} didn't answer within ${readyWithinMs / 1000} seconds; from its log:`;
}
