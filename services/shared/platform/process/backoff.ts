import { setTimeout as wait } from 'node:timers/promises';

/** How the pauses between tries grow. */
export interface Backoff {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** The share of a pause that chance decides, 0 to 1: keeps processes that failed together from coming together. */
  readonly jitter: number;
}

/**
 * The pause in ms after the failed try `tryNumber` (1-based); `random` is from [0, 1). With jitter j a pause of p ms
 * becomes p·(1 − j) to p, so `maxMs` holds.
 */
export function pauseAfter(tryNumber: number, { firstMs, factor, maxMs, jitter }: Backoff, random: number): number {
  const whole = Math.min(maxMs, firstMs * factor ** (tryNumber - 1));
  return Math.round(whole * (1 - jitter * random));
}

/** Waits. @throws the reason of `signal` as soon as it is aborted, at once if it already is */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
