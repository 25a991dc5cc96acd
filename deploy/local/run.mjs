#!/usr/bin/env node
/**
 * node deploy/local/run.mjs dist/<module>.js [arguments…]
 * node deploy/local/run.mjs --install-only
 * Runs a compiled module of a fresh clone as well as of a warm one: installs the packages if package-lock.json asks
 * for others than are there, compiles what has changed, the console too, then runs the module in this terminal.
 * Signals go on to it and its exit code comes back. It ends when this process is killed (its channel to us closes), and
 * we end it when npm, which started us, is.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstallCurrent, isNodeNewEnough, orphans } from './freshness.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [module, ...args] = process.argv.slice(2);
const CONSOLE = 'services/admin/console';
const stamps = { tree: join(root, 'dist', '.sources'), console: join(root, 'dist', '.console-sources') };

/** @param {string} sentence @param {number} code @returns {never} */
function give(sentence, code) {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}

/** @param {string} path below the root */
function readJson(path) {
  const file = join(root, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Files below these folders, as paths from `base`. @param {string} base @param {readonly string[]} folders */
function filesBelow(base, folders) {
  return folders
    .filter((folder) => existsSync(join(base, folder)))
    .flatMap((folder) =>
      readdirSync(join(base, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    );
}

/**
 * Runs a program in this terminal; resolves with its exit code. With `channel` it notices when we are gone.
 * @param {string} command @param {readonly string[]} commandArgs @param {{ channel?: boolean }} [options]
 * @returns {Promise<number>}
 */
function run(command, commandArgs, { channel = false } = {}) {
  const stdio = channel ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit';
  const child = spawn(command, commandArgs, { stdio, cwd: channel ? process.cwd() : root });
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => child.kill(signal);
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, pass);
  const npm = process.env.npm_lifecycle_event === undefined ? undefined : process.ppid;
  const watch = setInterval(() => npm !== undefined && process.ppid !== npm && pass('SIGTERM'), 1_000);
  return new Promise((resolve) => {
    const end = (/** @type {number} */ code) => {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, pass);
      resolve(code);
    };
    child.once('error', () => end(127));
    child.once('exit', (code, signal) => end(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

async function install() {
  const lock = readJson('package-lock.json');
  if (isInstallCurrent(lock, readJson('node_modules/.package-lock.json'))) return;
  process.stderr.write('Installing packages (npm ci)\n');
  const npm = process.env.npm_execpath;
  const ci = ['ci', '--no-fund', '--no-audit', '--loglevel=error'];
  const code = npm === undefined ? await run('npm', ci) : await run(process.execPath, [npm, ...ci]);
  if (code !== 0) give('The packages could not be installed: connect to the network, or run npm ci and see why.', code);
}

/** Changes when one of the files does. @param {readonly string[]} inputs paths below the root */
function stampOf(inputs) {
  const hash = createHash('sha256');
  for (const path of [...inputs, 'package-lock.json'].sort()) {
    const { mtimeMs, size } = statSync(join(root, path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

/** @param {string} file @param {string} stamp */
function isStamped(file, stamp) {
  return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

async function build() {
  const { include, exclude = [] } = readJson('tsconfig.json');
  const inputs = filesBelow(root, include).filter(
    (path) =>
      /\.(ts|json)$/.test(path) && !exclude.some((/** @type {string} */ folder) => path.startsWith(`${folder}/`)),
  );
  const stamp = stampOf([...inputs, 'tsconfig.json']);
  if (isStamped(stamps.tree, stamp)) return;
  const compiled = filesBelow(join(root, 'dist'), include).filter(
    (path) => !exclude.some((/** @type {string} */ folder) => path.startsWith(`${folder}/`)),
  );
  for (const path of orphans(compiled, new Set(inputs))) rmSync(join(root, 'dist', path), { force: true });
  process.stderr.write('Compiling\n');
  const code = await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
  if (code !== 0) give('The sources do not compile: see above.', code);
  mkdirSync(dirname(stamps.tree), { recursive: true });
  writeFileSync(stamps.tree, stamp);
}

/** The console's files, for the browser: what the admin process serves. */
async function buildConsole() {
  const inputs = filesBelow(root, [CONSOLE, 'services/shared/core']).filter((path) =>
    statSync(join(root, path)).isFile(),
  );
  const stamp = stampOf(inputs);
  if (isStamped(stamps.console, stamp) && existsSync(join(root, 'dist', 'console', 'index.html'))) return;
  process.stderr.write('Building the console\n');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const code = await run(process.execPath, [
    vite,
    'build',
    '--config',
    `${CONSOLE}/vite.config.mjs`,
    '--logLevel',
    'warn',
  ]);
  if (code !== 0) give('The console could not be built: see above.', code);
  writeFileSync(stamps.console, stamp);
}

const oldest = readJson('package.json').engines.node.replace(/[^\d.]/g, '');
if (!isNodeNewEnough(process.versions.node, oldest)) {
  give(`This needs Node.js ${oldest} or later, and is run by ${process.versions.node}: install a newer Node.js.`, 69);
}
if (module === undefined) give('Usage: node deploy/local/run.mjs dist/<module>.js [arguments…] | --install-only', 64);
await install();
if (module !== '--install-only') {
  await build();
  await buildConsole();
  process.exitCode = await run(process.execPath, [resolve(root, module), ...args], { channel: true });
}
