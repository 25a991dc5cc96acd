/**
 * npm run bench:admin -- [--json] [--entries n] [--companies n] [--clients n] [--seconds n] [--only list,export] [--profile folder]
 * Measures the API of the admin process as it runs in production, with a load generator and a MongoDB of their own:
 * throughput, latency against the promised bounds, CPU per request, and memory during an export. Each scenario runs
 * twice: without pauses, where 200 clients keep the process at its limit and latency is the queue for its one core; and
 * with a second between an answer and the client's next request, as busy people and programs do.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMongo } from '../../services/shared/platform/mongo/connect.js';
import { migrate } from '../../services/shared/platform/mongo/migrate.js';
import { startAdminServer } from './admin-api/admin-server.js';
import { startBareServer } from './admin-api/bare-server.js';
import { readBenchArguments } from './admin-api/bench-arguments.js';
import { runInChild } from './shared/child-task.js';
import type { EntriesTask } from './admin-api/entries-process.js';
import { measureExport, measureLoad } from './admin-api/measure.js';
import {
  exportTable,
  labelTable,
  loadLine,
  loadTable,
  type ExportFigures,
  type LoadFigures,
} from './admin-api/report.js';
import { SCENARIOS, type Scenario } from './admin-api/scenarios.js';
import { createWorld, type World } from './admin-api/world.js';

const options = readBenchArguments(process.argv.slice(2));
const uri = process.env['MONGODB_URI'] ?? '';
if (uri === '') throw new Error('MONGODB_URI is not set: run this with "npm run bench:admin"');

const LOADERS = 2;
const THINK_MS = 1_000;
/** Enough for the compiler of the process to have seen everything often. */
const WARM_UP = { ms: 3_000, requests: 2_000 };
const PAUSED_WARM_UP = { ms: 2_000, requests: 0 };
const SLOW_BYTES_PER_SECOND = 10_000_000;
/** Entries of the webhook that is exported; half of all where there are fewer than twice as many. */
const EXPORTED = 100_000;

const database = `bench_${randomBytes(4).toString('hex')}`;
const folder = await mkdtemp(join(tmpdir(), 'webhook-v2-bench-'));
const env = {
  MONGODB_URI: uri,
  MONGODB_DATABASE: database,
  ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  // What a load generator does from one address, people do from many: the limits stay on, out of reach.
  ADMIN_REQUESTS_PER_MINUTE: '10000000',
};
// Indexes of a million entries are built in one go: no time-out while that lasts.
const mongo = await connectMongo({ uri, database, appName: 'bench', socketTimeoutMS: 0 });

const say = (line: string) => void process.stderr.write(`${line}\n`);
const isWanted = (name: string) => options.only.length === 0 || options.only.includes(name);
const seconds = (since: number) => ((performance.now() - since) / 1_000).toFixed(1);

/** Companies, webhooks, people; and the entries, by several processes, before their indexes are built. */
async function prepare(): Promise<World> {
  let began = performance.now();
  await migrate(mongo.db, new Date());
  const world = await createWorld(mongo.db, env, options);
  say(`${options.companies} companies with 10 webhooks and a day of roll-ups each: ${seconds(began)} s`);
  if (!isWanted('failures') && !isWanted('export')) return world;
  began = performance.now();
  await mongo.db.dropCollection('failure_log');
  const share = Math.ceil(options.entries / LOADERS);
  const shares = Array.from({ length: LOADERS }, (_, index): EntriesTask => ({
    uri,
    database,
    from: index * share,
    to: Math.min(options.entries, (index + 1) * share),
    first: Math.min(EXPORTED, Math.ceil(options.entries / 2)),
    webhooks: world.webhooks,
  }));
  await Promise.all(shares.map((task) => runInChild(new URL('./admin-api/entries-process.js', import.meta.url), task)));
  say(`${options.entries} failure entries stored by ${LOADERS} processes: ${seconds(began)} s`);
  began = performance.now();
  await migrate(mongo.db, new Date());
  say(`their validator and indexes made: ${seconds(began)} s`);
  return world;
}

/** The least that a list costs here: one find and one answer, by the same client and server libraries' own means. */
async function measureBare({ clients, webhooks }: World): Promise<LoadFigures> {
  const bare = await startBareServer({ uri, database });
  try {
    const steps = [{ label: 'bare', method: 'GET', path: '/', expect: 200 }] as const;
    const asked = clients.map((_, index) => ({
      headers: { 'x-company': webhooks[index % webhooks.length]?.[0]?.companyId ?? '' },
      steps,
      repeats: true,
    }));
    const task = { url: bare.url, clients: asked, measuredMs: options.seconds * 1_000, thinkMs: 0, warmUp: WARM_UP };
    const scenario = { name: 'bare list', p99BoundMs: 50 };
    return await measureLoad(scenario, task, { adminPid: bare.pid, mongodbPid: await mongodbPid() });
  } finally {
    await bare.stop();
  }
}

async function mongodbPid(): Promise<number | undefined> {
  const { pid } = (await mongo.db.admin().serverStatus()) as { readonly pid?: unknown };
  return pid === undefined ? undefined : Number(pid);
}

async function measureScenario(scenario: Scenario, world: World): Promise<LoadFigures[]> {
  const profile = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
  const admin = await startAdminServer(env, join(folder, `${scenario.name}.log`), profile);
  try {
    const pids = { adminPid: admin.pid, mongodbPid: await mongodbPid() };
    const figures: LoadFigures[] = [];
    for (const [round, thinkMs] of [0, THINK_MS].entries()) {
      const clients = await scenario.clients(admin.url, world, round);
      const task = { url: admin.url, clients, measuredMs: options.seconds * 1_000 };
      const measured = await measureLoad(
        scenario,
        { ...task, thinkMs, warmUp: thinkMs === 0 ? WARM_UP : PAUSED_WARM_UP },
        pids,
      );
      say(loadLine(measured));
      figures.push(measured);
    }
    return figures;
  } finally {
    await admin.stop();
  }
}

/** In a process of its own, warmed by a small export: what grows afterwards is what the large one needs. */
async function measureExports({ webhooks, clients }: World): Promise<ExportFigures[]> {
  const admin = await startAdminServer(env, join(folder, 'export.log'));
  try {
    const [first, small] = webhooks[0] ?? [];
    const headers = clients[0] ?? {};
    const of = (webhookId = '') => `${admin.url}/api/v1/webhooks/${webhookId}/failures/export?format=ndjson`;
    await runInChild(new URL('./admin-api/export-process.js', import.meta.url), { url: of(small?.webhookId), headers });
    const task = { url: of(first?.webhookId), headers };
    return [
      await measureExport('a fast reader', task, admin.pid),
      await measureExport('a reader of 10 MB/s', { ...task, bytesPerSecond: SLOW_BYTES_PER_SECOND }, admin.pid),
    ];
  } finally {
    await admin.stop();
  }
}

try {
  const world = await prepare();
  const loads: LoadFigures[] = [];
  if (isWanted('list')) {
    loads.push(await measureBare(world));
    loads.forEach((bare) => say(loadLine(bare)));
  }
  for (const scenario of SCENARIOS.filter(({ name }) => isWanted(name))) {
    say(`${scenario.name}: ${options.clients} clients, ${options.seconds} s without and with pauses`);
    loads.push(...(await measureScenario(scenario, world)));
  }
  const exports = isWanted('export') ? await measureExports(world) : [];
  const parts = [loadTable(loads), labelTable(loads), exportTable(exports)];
  process.stdout.write(`\n${parts.join('\n\n')}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ loads, exports })}\n`);
} finally {
  await mongo.db.dropDatabase();
  await mongo.close();
  await rm(folder, { recursive: true, force: true });
}
