import { execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { endProcess } from '../../../deploy/local/end-process.js';
import { expectListener } from '../../../deploy/local/free-port.js';
import { poll } from '../../../deploy/local/poll.js';
import type { ProcessGuard } from '../../../deploy/local/process-guard.js';
import type { ClusterNode } from './cluster-control.js';

/** How one node of a cluster is started; the same command again continues on its data. */
export interface NodeCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
  readonly port: number;
}

const LISTENS_WITHIN_MS = 60_000;
const END_WITHIN_MS = 20_000;

/** A node as a local process. It is not started yet. */
export function createNode(guard: ProcessGuard, node: NodeCommand): ClusterNode {
  let child: ChildProcess | undefined;
  const running = (): ChildProcess => {
    if (child === undefined) throw new Error(`${node.name} has not been started`);
    return child;
  };
  return {
    name: node.name,
    start: async () => {
      mkdirSync(dirname(node.logFile), { recursive: true });
      const log = openSync(node.logFile, 'a');
      child = guard.spawn(node.command, node.args, { cwd: node.cwd, stdio: ['ignore', log, log] });
      closeSync(log);
      await poll(() => expectListener(node.port), { everyMs: 100, signal: AbortSignal.timeout(LISTENS_WITHIN_MS) });
    },
    kill: () => endProcess(kill(running()), END_WITHIN_MS),
    end: () => endProcess(running(), END_WITHIN_MS),
    freeze: () => void running().kill('SIGSTOP'),
    thaw: () => void running().kill('SIGCONT'),
    limitFiles: async (bytes) => {
      await promisify(execFile)('prlimit', ['--pid', String(running().pid), `--fsize=${bytes}`]);
    },
    ended: async () => {
      const { exitCode, signalCode } = running();
      if (exitCode === null && signalCode === null) await once(running(), 'exit');
    },
  };
}

function kill(child: ChildProcess): ChildProcess {
  child.kill('SIGKILL');
  return child;
}
