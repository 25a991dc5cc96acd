import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is true; returns how long it took, in ms. Fails after `withinMs`. */
export async function eventually(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<number> {
  const begun = performance.now();
  for (;;) {
    if (await holds()) return performance.now() - begun;
    if (performance.now() - begun > withinMs) throw new Error(`did not come true within ${withinMs} ms`);
    await pause(5);
  }
}
