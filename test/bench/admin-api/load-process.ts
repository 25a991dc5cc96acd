import { setTimeout as pause } from 'node:timers/promises';
import { Client, type Dispatcher } from 'undici';
import { serveTask } from '../shared/child-task.js';
import type { Latencies, LoadClient, LoadResult, LoadStep, LoadTask } from './load-task.js';

/**
 * The load generator: each client is one keep-alive connection that sends its next request when the last was answered,
 * after its time to think. Only what was asked and answered within the measured time counts. A wrong status ends the
 * run: figures of errors are worth nothing. It takes a break where the measured time begins and where it ends, for whoever
 * counts CPU; the clients take none.
 */
async function run(task: LoadTask, takeBreak: () => Promise<void>): Promise<LoadResult> {
  const taken = new Map<string, number[]>();
  const progress = { answered: 0, bytes: 0, from: Infinity, to: Infinity };
  const took: Took = (label, sentAt, doneAt, size) => {
    progress.answered += 1;
    if (sentAt < progress.from || doneAt > progress.to) return;
    progress.bytes += size;
    const list = taken.get(label);
    if (list === undefined) taken.set(label, [doneAt - sentAt]);
    else list.push(doneAt - sentAt);
  };
  const clients = Promise.all(task.clients.map((client) => runClient(task, client, () => progress.to, took)));
  clients.catch(() => undefined);
  const until = async (isDone: () => boolean) => {
    while (!isDone()) await Promise.race([clients, pause(20)]);
  };
  const start = performance.now();
  await until(() => performance.now() - start >= task.warmUp.ms && progress.answered >= task.warmUp.requests);
  const before = process.cpuUsage();
  progress.from = performance.now();
  await takeBreak();
  await until(() => performance.now() - progress.from >= task.measuredMs);
  progress.to = performance.now();
  const { user, system } = process.cpuUsage(before);
  await takeBreak();
  await clients;
  const labels = Object.fromEntries([...taken].map(([label, list]) => [label, latenciesOf(list)]));
  return { durationMs: progress.to - progress.from, bytes: progress.bytes, cpuMs: (user + system) / 1_000, labels };
}

type Took = (label: string, sentAt: number, doneAt: number, bytes: number) => void;

async function runClient(
  { url, thinkMs }: LoadTask,
  { headers, steps, repeats }: LoadClient,
  to: () => number,
  took: Took,
) {
  const connection = new Client(url, { pipelining: 1, keepAliveTimeout: 60_000 });
  try {
    await pause(Math.random() * thinkMs);
    for (let index = 0; performance.now() < to(); index += 1) {
      const step = steps[repeats ? index % steps.length : index];
      if (step === undefined) throw new Error(`a client came to the end of its ${steps.length} steps`);
      const sentAt = performance.now();
      const bytes = await send(connection, headers, step);
      took(step.label, sentAt, performance.now(), bytes);
      if (thinkMs > 0) await pause(someTime(thinkMs));
    }
  } finally {
    await connection.close();
  }
}

/**
 * Exponentially distributed: arrivals without a memory, as those of people who don't know of each other. After the same
 * time for all, those who were answered together once come together again and again.
 */
function someTime(meanMs: number): number {
  return -Math.log(1 - Math.random()) * meanMs;
}

/** Resolves with the bytes of the answer's body. */
function send(connection: Client, headers: LoadClient['headers'], step: LoadStep): Promise<number> {
  const { method, path, body, expect } = step;
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => void (status = statusCode),
      onResponseData: (_controller, chunk) => void (bytes += chunk.length),
      onResponseEnd: () => {
        if (status === expect) resolve(bytes);
        else reject(new Error(`${method} ${path} was answered with ${status}, not ${expect}`));
      },
      onResponseError: (_controller, error) => reject(error),
    };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    connection.dispatch(
      { method, path, headers: { ...headers, ...step.headers, ...type }, body: body ?? null },
      handler,
    );
  });
}

function latenciesOf(list: number[]): Latencies {
  const sorted = Float64Array.from(list).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

serveTask(run);
