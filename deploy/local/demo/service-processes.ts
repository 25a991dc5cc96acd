import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALLOCATOR_ENV, EVENT_PROCESS_FLAGS } from '../../../services/shared/platform/process/start-options.js';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import { endProcess } from '../end-process.js';
import { chooseFreePort, isPortFree } from '../free-port.js';
import { poll } from '../poll.js';
import type { ProcessGuard } from '../process-guard.js';
import { StackError } from '../stack-error.js';

/** The processes of the product. */
export const SERVICES = [
  'call-consumer',
  'whatsapp-consumer',
  'delivery-consumer',
  'delivery-consumer-overflow',
  'retry-consumer',
  'admin',
] as const;

export type ServiceName = (typeof SERVICES)[number];

export interface ServiceOptions {
  readonly guard: ProcessGuard;
  readonly env: Readonly<Record<string, string>>;
  readonly logFolder: string;
  readonly signal: AbortSignal;
  /** Takes the sentence about a service that ended by itself. */
  readonly onEnded: (sentence: string) => void;
}

export interface RunningService {
  readonly name: ServiceName;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
const SHOWN_LOG_LINES = 10;

/** Starts a service with its log in a file, and waits until it is ready for work. @throws StackError when it isn't */
export async function startService(name: ServiceName, options: ServiceOptions): Promise<RunningService> {
  const { guard, env, logFolder, signal, onEnded } = options;
  const port = await chooseFreePort({ usual: undefined, isFree: isPortFree, random: Math.random });
  mkdirSync(logFolder, { recursive: true });
  const logFile = join(logFolder, `${name}.log`);
  const log = openSync(logFile, 'w');
  const child = guard.spawn(process.execPath, commandOf(name), {
    env: { ...ALLOCATOR_ENV, ...env, OPS_PORT: String(port) },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let stopping = false;
  const ended = new AbortController();
  child.once('exit', (code, killedBy) => {
    const sentence = `${name} ended by itself (${killedBy ?? `exit code ${code}`}): see ${logFile}`;
    ended.abort(new StackError(sentence, lastLines(logFile)));
    if (!stopping) onEnded(sentence);
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    await endProcess(child, STOP_WITHIN_MS);
  };
  try {
    await untilReady(port, AbortSignal.any([signal, ended.signal, lateSignal(name, child, logFile)]));
  } catch (error) {
    await stop();
    throw error;
  }
  return { name, stop };
}

/** The flags of Node, its folder of services/, and for the second process of one folder its arguments. */
function commandOf(name: ServiceName): readonly string[] {
  const [folder, ...args] =
    name === 'delivery-consumer-overflow' ? (['delivery-consumer', '--lane', 'overflow'] as const) : ([name] as const);
  const flags = folder === 'admin' ? [] : EVENT_PROCESS_FLAGS;
  return [...flags, join(projectRoot(), 'dist', 'services', folder, 'main.js'), ...args];
}

function untilReady(port: number, signal: AbortSignal): Promise<void> {
  const ask = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await answer.text();
    if (!answer.ok) throw new Error('not ready');
  };
  return poll(ask, { everyMs: 50, signal });
}

function lateSignal(name: string, child: ChildProcess, logFile: string): AbortSignal {
  const late = new AbortController();
  const sentence = `${name} was not ready within ${READY_WITHIN_MS / 1_000} s; the end of ${logFile}:`;
  const timer = setTimeout(() => late.abort(new StackError(sentence, lastLines(logFile))), READY_WITHIN_MS);
  timer.unref();
  child.once('exit', () => clearTimeout(timer));
  return late.signal;
}

function lastLines(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-SHOWN_LOG_LINES);
}
