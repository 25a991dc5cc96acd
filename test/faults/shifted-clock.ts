import { readFileSync } from 'node:fs';

/**
 * Loaded before a service (`node --import`): its wall clock is off by what stands in the file CLOCK_FILE, in ms, and
 * jumps when that changes; it is right while there is no such file. Timers and performance.now() go on, as they do when
 * a machine's clock is set.
 */
const file = process.env['CLOCK_FILE'];
if (file === undefined) throw new Error('CLOCK_FILE must name the file that says by how much the clock is off');

const LOOK_EVERY_MS = 20;
const RealDate = Date;
let shiftMs = 0;

const now = (): number => RealDate.now() + shiftMs;

function look(path: string): void {
  try {
    shiftMs = Number(readFileSync(path, 'utf8'));
  } catch {
    shiftMs = 0;
  }
}

look(file);
setInterval(() => look(file), LOOK_EVERY_MS).unref();
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
});
