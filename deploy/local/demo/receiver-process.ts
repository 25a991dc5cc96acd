import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import { endProcess } from '../end-process.js';
import type { ProcessGuard } from '../process-guard.js';
import type { LogLine } from '../receiver/log-line.js';
import type { ReceiverAnnouncement } from '../receiver/receiver-announcement.js';
import { StackError } from '../stack-error.js';
import { pathOf, type DemoWebhook } from './demo-webhooks.js';

/** The customers' servers of the demo, in a process of their own. */
export interface ReceiverProcess {
  /** By path. */
  readonly urls: ReadonlyMap<string, string>;
  /** The requests since the last call, each once. */
  readNew(): Promise<readonly LogLine[]>;
  stop(): Promise<void>;
}

const SLOW_MS = 300;
const STOP_WITHIN_MS = 2_000;

/** Starts one endpoint for each webhook, and writes their authority's certificate to `caFile`. @throws StackError */
export async function startReceiverProcess(
  guard: ProcessGuard,
  webhooks: readonly DemoWebhook[],
  caFile: string,
): Promise<ReceiverProcess> {
  const entry = join(projectRoot(), 'dist', 'deploy', 'local', 'receiver', 'main.js');
  const endpoints = webhooks.flatMap((webhook) => ['--endpoint', `${webhook.behaviour}=${pathOf(webhook)}`]);
  const args = [entry, '--ca-file', caFile, '--slow-ms', String(SLOW_MS), ...endpoints];
  const child = guard.spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  // Its standard input ends with us, and it with that.
  child.stdin?.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const ended = once(child, 'exit').then(() => {
    throw new StackError("The demo's receiver ended by itself.");
  });
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  const { control, endpoints: announced } = JSON.parse(line) as ReceiverAnnouncement;
  let next = 0;
  return {
    urls: new Map(announced.map(({ path, url }) => [path, url])),
    readNew: async () => {
      const text = await (await fetch(`${control}/__log?from=${next}`)).text();
      const found = text.split('\n').filter((entryLine) => entryLine !== '');
      next += found.length;
      return found.map((entryLine) => JSON.parse(entryLine) as LogLine);
    },
    stop: () => endProcess(child, STOP_WITHIN_MS),
  };
}
