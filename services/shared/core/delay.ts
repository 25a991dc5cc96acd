/**
 * How long a retry is still held.
 *
 * Never longer than the topic's fixed delay, whatever a jumping clock or a record from the future says: a wrong clock
 * may make a retry a little early or late, but it can't stall the topic. `now` and `notBefore` are epoch ms.
 */
export function holdFor(notBefore: number, now: number, delayMs: number): number {
  return Math.min(Math.max(notBefore - now, 0), delayMs);
}

/** Whether a job is to be held for longer than a topic with this fixed delay holds it. */
export function holdsLonger(notBefore: number, now: number, delayMs: number): boolean {
  return notBefore - now > delayMs;
}
