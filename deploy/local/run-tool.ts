/**
 * Runs a command-line tool to its end (java -version, mvn, pip, docker pull) and returns what it printed. The tool is
 * guarded like a server, so a download doesn't go on after a Ctrl-C. It never throws for a tool that fails or is
 * missing: what that means is the caller's sentence.
 */
import { endProcess } from './end-process.js';
import type { ProcessGuard } from './process-guard.js';

export interface ToolResult {
  /** 0 for success; undefined when it was ended by the signal or the time-out. */
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface ToolOptions {
  readonly guard: ProcessGuard;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const outputCharacters = 100_000;

/** Throws only the signal's reason, when the signal fired. */
export async function runTool(command: string, args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  const { guard, signal, timeoutMs, cwd, env = {} } = options;
  signal.throwIfAborted();
  const child = guard.spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-outputCharacters)));
  }
  const stop = () => void endProcess(child, 2_000);
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  return { exitCode: exitCode ?? undefined, output };
}

/** The last lines that say something, for showing under a sentence. */
export function lastLines(text: string, count: number): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}
