/**
 * Starts and stops the servers as Docker containers, through testcontainers: the same handshakes as for local
 * processes, logs in the same files. Containers outlive their starter by nature, so they carry a label by which the
 * process guard removes them if we are killed; testcontainers' own cleaner would need a fourth image. Data lies in
 * named volumes, because files of the images' users in the data folder could not be deleted by ours.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type StartedTestContainer, Wait } from 'testcontainers';
import { type ServerName, serverLabels } from './choose-source.js';
import { type ChoosePort, type ContainerPlan, containerPlans } from './docker-plans.js';
import { runTool } from './run-tool.js';
import { serverLogTail } from './server-log.js';
import type { RunningServer, StartOptions } from './server-process.js';
import { StackError } from './stack-error.js';
import { pinned } from './versions.js';

const readyWithinMs = 90_000;
const stopWithinMs = 10_000;
/** A server that is still starting has nothing to save, and may not listen to signals yet. */
const stopStartingWithinMs = 1_000;

export interface DockerServerOptions extends StartOptions {
  readonly dataFolder: string;
  /** Containers with this label are the guard's to remove. */
  readonly label: string;
  readonly fresh: boolean;
  /** A temporary stack keeps its data inside the containers. */
  readonly temporary: boolean;
  readonly choosePort: ChoosePort;
}

/** Starts a server in a container and waits for its handshake. Throws StackError; no container is left then. */
export async function startInDocker(name: ServerName, options: DockerServerOptions): Promise<RunningServer> {
  const { report, signal } = options;
  const label = serverLabels[name];
  const plan = await containerPlans[name](options.choosePort);
  await attachVolume(name, plan, options);
  const logs = join(options.dataFolder, 'logs');
  const logFile = join(logs, `${label.toLowerCase().replace(' ', '-')}.log`);
  mkdirSync(logs, { recursive: true });
  signal.throwIfAborted();
  const startedAt = performance.now();
  const shownLog = relative(process.cwd(), logFile);
  report(`${label}: starting ${pinned.images[name]} on 127.0.0.1:${plan.port}, log in ${shownLog}`);
  const ended = new AbortController();
  const container = await startContainer(name, plan, options.label, logFile, ended);
  const stop = async (timeout: number) => {
    await container.stop({ timeout, remove: true, removeVolumes: true });
    report(`${label}: stopped`);
  };
  const bound = AbortSignal.timeout(readyWithinMs);
  try {
    await plan.handshake(AbortSignal.any([signal, ended.signal, bound]));
  } catch {
    await stop(stopStartingWithinMs);
    signal.throwIfAborted();
    const what = ended.signal.aborted ? 'ended by itself' : `didn't answer within ${readyWithinMs / 1000} seconds`;
    throw new StackError(`${label}'s container ${what}; from its log:`, serverLogTail(logFile));
  }
  report(`${label}: ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return { address: plan.address, stop: () => stop(stopWithinMs) };
}

/** Starts the container, with its output in the log file; `ended` fires when that output does. */
async function startContainer(
  name: ServerName,
  { container }: ContainerPlan,
  label: string,
  logFile: string,
  ended: AbortController,
): Promise<StartedTestContainer> {
  try {
    return await container
      .withLabels({ [label]: '' })
      .withAutoCleanup(false)
      .withWaitStrategy(Wait.forLogMessage(/./))
      .withLogConsumer((stream) => {
        stream.pipe(createWriteStream(logFile));
        stream.once('end', () => ended.abort());
      })
      .start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StackError(`${serverLabels[name]}'s container didn't start (${reason}).`, serverLogTail(logFile));
  }
}

async function attachVolume(name: ServerName, plan: ContainerPlan, options: DockerServerOptions): Promise<void> {
  if (options.temporary) return;
  const folder = createHash('sha256').update(options.dataFolder).digest('hex').slice(0, 10);
  const volume = `webhook-v2-${folder}-${name.toLowerCase()}`;
  if (options.fresh) await runTool('docker', ['volume', 'rm', '--force', volume], options);
  plan.container.withBindMounts([{ source: volume, target: plan.dataPath }]);
}
