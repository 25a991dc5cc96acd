import type { JobRecord, Rules } from '../history.js';

type Groups = Rules['groups'];

/** Whether it waits for its time in one of the topics of retries; all others stand in a lane. */
export function isWait({ topic }: JobRecord, { delivery, overflow }: Groups): boolean {
  return topic !== delivery.topic && topic !== overflow.topic;
}

/** The first job of an event: no retry, and no endpoint has asked to wait. */
export function isFirst({ attempt, postponed }: JobRecord): boolean {
  return attempt === 1 && postponed === 0;
}

/** Made of an event or a retry: what stands in the overflow lane first has moved there. */
export function isMade(record: JobRecord, { delivery, overflow }: Groups): boolean {
  return record.topic === delivery.topic || (record.topic === overflow.topic && !isFirst(record));
}

/** When what has the same name was there for the first time. */
export function earliest<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  atOf: (item: T) => number,
): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const item of items) {
    const name = nameOf(item);
    first.set(name, Math.min(atOf(item), first.get(name) ?? Infinity));
  }
  return first;
}
