/**
 * How long a retry is still held.
 *
 * Never longer than the topic's fixed delay, whatever a jumping clock or a record from the future says: a wrong clock
 * may make a retry a little early or late, but it can't stall the topic. `now` and `notBefore` are epoch ms.
 */
export function holdFor(notBefore: number, now: number, delayMs: number): number {
  return Math.min(Math.max(notBefore - now, 0), delayMs);
}

/** How much sooner than its delay after the broker took it in a retry may be due: so long is it usually on its way there. */
const ON_ITS_WAY_MS = 200;

/**
 * When a retry is due, epoch ms: not before the instant that it asks for, and not much sooner than the delay after the
 * broker took it in (`appendedAt`, its clock). Whatever the clock of who made it says, no retry follows its failure at
 * once; one that was written late, because its failure had to wait for MongoDB, is late by that.
 */
export function dueAt(notBefore: number, appendedAt: number, delayMs: number): number {
  return Math.max(notBefore, appendedAt + delayMs - ON_ITS_WAY_MS);
}
