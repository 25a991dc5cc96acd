/**
 * How long a retry is still held.
 *
 * Never longer than the topic's fixed delay, whatever a jumping clock or a record from the future says: a wrong clock
 * may make a retry a little early or late, but it can't stall the topic. `now` and `notBefore` are epoch ms.
 */
export function holdFor(notBefore: number, now: number, delayMs: number): number {
  return Math.min(Math.max(notBefore - now, 0), delayMs);
}

/**
 * When a retry is due, epoch ms: not before the instant that it asks for. Where that had passed when the broker took the
 * record in (`appendedAt`, its clock), the clock that made it is slow, or who made it was kept waiting: then the delay
 * counts from there, so that no retry follows its failure at once.
 */
export function dueAt(notBefore: number, appendedAt: number, delayMs: number): number {
  return notBefore > appendedAt ? notBefore : appendedAt + delayMs;
}

/** Whether a job is to be held for longer than a topic with this fixed delay holds it. */
export function holdsLonger(notBefore: number, now: number, delayMs: number): boolean {
  return notBefore - now > delayMs;
}
