import { setTimeout as pause } from 'node:timers/promises';
import { cpuPerUnit, cpuTimes } from './cpu.js';
import type { World } from './world.js';

/** What was done within the measured time. */
export interface Throughput {
  readonly perSecond: number;
  /** CPU in µs per unit, by process. */
  readonly cpuUs: ReadonlyMap<string, number>;
}

const EVERY_MS = 20;
/** Without any progress for so long, the measurement failed. */
const STUCK_MS = 30_000;

/** Measures from the moment that `done` reaches `from` to the one that it reaches `to`. */
export async function measureThroughput(
  world: World,
  done: () => Promise<number>,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Throughput> {
  await until(world, done, from);
  const begun = await snapshot(world, done);
  await until(world, done, to);
  const ended = await snapshot(world, done);
  const units = ended.done - begun.done;
  return {
    perSecond: (units * 1_000) / (ended.atMs - begun.atMs),
    cpuUs: cpuPerUnit(begun.cpu, ended.cpu, units),
  };
}

async function snapshot(world: World, done: () => Promise<number>) {
  const cpu = await cpuTimes(world.watched());
  return { done: await done(), atMs: performance.now(), cpu };
}

/** @throws Error that tells what the services logged, when nothing goes on */
export async function until(world: World, done: () => Promise<number>, goal: number): Promise<void> {
  let best = -1;
  let progressAt = performance.now();
  for (;;) {
    const now = await done();
    if (now >= goal) return;
    if (now > best) {
      best = now;
      progressAt = performance.now();
    } else if (performance.now() - progressAt > STUCK_MS) {
      throw new Error(`nothing was done for ${STUCK_MS / 1_000} s, at ${now} of ${goal}\n${await world.describe()}`);
    }
    await pause(EVERY_MS);
  }
}
