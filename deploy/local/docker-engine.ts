/**
 * Decides whether Docker can run the servers: an engine answers within two seconds, and it has the images or can
 * pull them within the bound. Anything else is a reason to go on with local processes, never an error.
 */
import type { DockerVerdict, ServerName } from './choose-source.js';
import { lastLines, runTool, type ToolOptions } from './run-tool.js';
import { pinned } from './versions.js';

const answerWithinMs = 2_000;
const pullWithinMs = 180_000;

/** Throws only if the start is called off. */
export async function findDockerEngine(
  toStart: readonly ServerName[],
  options: ToolOptions & { readonly report: (line: string) => void },
): Promise<DockerVerdict> {
  const docker = (args: readonly string[], timeoutMs: number) => runTool('docker', args, { ...options, timeoutMs });
  const info = await docker(['info', '--format', '{{.ServerVersion}}'], answerWithinMs);
  if (info.exitCode === 127) return { kind: 'unusable', reason: 'there is no Docker here' };
  if (info.exitCode !== 0) return { kind: 'unusable', reason: 'no Docker engine answers' };
  await pointClientsAtEngine(docker);
  const pullUntil = Date.now() + pullWithinMs;
  for (const name of toStart) {
    const image = pinned.images[name];
    if ((await docker(['image', 'inspect', image], answerWithinMs)).exitCode === 0) continue;
    options.report(`Docker: pulling ${image}`);
    const pull = await docker(['pull', '--quiet', image], Math.max(1, pullUntil - Date.now()));
    if (pull.exitCode === 0) continue;
    const why = pull.exitCode === undefined ? `it took longer than ${pullWithinMs / 1000} s` : reasonOf(pull.output);
    return { kind: 'unusable', reason: `Docker answers, but can't pull ${image}: ${why}` };
  }
  return { kind: 'usable' };
}

/** "network is unreachable" of "Error response from daemon: Get …: dial tcp: …: network is unreachable". */
function reasonOf(output: string): string {
  return lastLines(output, 1)[0]?.split(': ').at(-1) ?? 'no reason given';
}

/** The docker command knows contexts (Colima, Docker Desktop, rootless); testcontainers only knows DOCKER_HOST. */
async function pointClientsAtEngine(
  docker: (args: readonly string[], timeoutMs: number) => ReturnType<typeof runTool>,
): Promise<void> {
  if (process.env['DOCKER_HOST'] !== undefined) return;
  const context = await docker(['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], answerWithinMs);
  const host = context.output.trim();
  if (context.exitCode === 0 && /^(unix|tcp|npipe):\/\//.test(host)) process.env['DOCKER_HOST'] = host;
}
