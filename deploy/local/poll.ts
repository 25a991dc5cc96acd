import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  /** Milliseconds between two attempts. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/**
 * Calls `attempt` until it resolves, and returns its answer. Throws the signal's reason when that fires, so the
 * bound on the wait, a Ctrl-C and the death of the server all end it the same way.
 */
export async function poll<T>(attempt: () => Promise<T>, { everyMs, signal }: PollOptions): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
