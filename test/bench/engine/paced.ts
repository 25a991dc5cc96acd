import { setTimeout as pause } from 'node:timers/promises';
import { cpuPerUnit, cpuTimes } from './cpu.js';
import type { Figure } from './figure.js';
import type { GeneratorResult, GeneratorTask } from './generator-task.js';
import type { Recipient } from './samples.js';
import type { SinkNotes } from './sink-protocol.js';
import type { World } from './world.js';

/** A steady rate for a time, after a time of the same rate that isn't counted. */
export interface PacedTask {
  readonly content: GeneratorTask['content'];
  readonly recipients: readonly Recipient[];
  readonly perSecond: number;
  readonly ms: number;
  readonly warmUpMs: number;
  /** How long what was produced last may be on its way, instead of a second. */
  readonly settleMs?: number;
  /** Done between the two. */
  readonly onMeasure?: () => Promise<void>;
}

export interface Paced {
  readonly notes: SinkNotes;
  readonly generated: GeneratorResult;
  /** CPU in µs of each process and server per record produced. */
  readonly cpuUs: ReadonlyMap<string, number>;
}

/** Numbers of events never come twice in a world. */
let firstNumber = 0;

const SETTLE_MS = 1_000;

export async function runPaced(world: World, task: PacedTask): Promise<Paced> {
  const { content, recipients, perSecond, ms, warmUpMs, settleMs = SETTLE_MS } = task;
  firstNumber += 1_000_000;
  let before = await cpuTimes(world.watched());
  const begin = async (): Promise<void> => {
    await pause(SETTLE_MS);
    await task.onMeasure?.();
    await world.sink.note();
    before = await cpuTimes(world.watched());
  };
  if (warmUpMs === 0) await begin();
  const generated = await world.generate(content, recipients, { perSecond, ms, warmUpMs }, firstNumber, begin);
  const after = await cpuTimes(world.watched());
  await pause(settleMs);
  return { notes: await world.sink.read(), generated, cpuUs: cpuPerUnit(before, after, generated.records) };
}

/** An event's time begins as it is really produced: how late that was, against the plan, is in no latency. */
export function generatorFigure(at: string, { latestMs }: Pick<GeneratorResult, 'latestMs'>): Figure {
  return { what: `${at}: generator late, most`, value: latestMs, unit: 'ms' };
}
