import { DependencyError } from '../../core/errors.js';
import { pauseAfter, sleep, type Backoff } from './backoff.js';

/**
 * Tries work again, with growing pauses, while a dependency is away.
 *
 * What is broken on our side is not a verdict on a record: nothing is committed, nothing is dropped, the same step is
 * tried again, and what has been done before it is not repeated. Beyond `giveUpMs` without a success the process ends
 * itself (`onGiveUp`), because a restart may help. Any other error than DependencyError passes through.
 */
export interface PatienceOptions {
  readonly giveUpMs: number;
  readonly onTrouble: (error: DependencyError) => void;
  readonly onRecovered: (dependency: DependencyError['dependency']) => void;
  readonly onGiveUp: (error: DependencyError) => void;
}

/** The process stops, or the batch was taken away: the work is left undone, uncommitted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export type Patiently = <T>(work: () => T | Promise<T>, signal: AbortSignal) => T | Promise<T>;

const BACKOFF: Backoff = { firstMs: 100, factor: 2, maxMs: 2_000, jitter: 0.3 };

/** Stays synchronous when `work` is: the hot path pays nothing for patience. */
export function createPatience(options: PatienceOptions): Patiently {
  return (work, signal) => {
    try {
      const result = work();
      return result instanceof Promise
        ? result.catch((error: unknown) => persist(work, signal, error, options))
        : result;
    } catch (error) {
      return persist(work, signal, error, options);
    }
  };
}

async function persist<T>(
  work: () => T | Promise<T>,
  signal: AbortSignal,
  firstError: unknown,
  options: PatienceOptions,
): Promise<T> {
  const startedAt = performance.now();
  let error = firstError;
  for (let tryNumber = 1; ; tryNumber++) {
    if (!(error instanceof DependencyError)) throw error;
    options.onTrouble(error);
    if (performance.now() - startedAt > options.giveUpMs) options.onGiveUp(error);
    const { dependency } = error;
    await pause(pauseAfter(tryNumber, BACKOFF, Math.random()), signal);
    try {
      const result = await work();
      options.onRecovered(dependency);
      return result;
    } catch (next) {
      // Whatever else it is, it isn't that this dependency is away.
      if (!(next instanceof DependencyError) || next.dependency !== dependency) options.onRecovered(dependency);
      error = next;
    }
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, signal);
  } catch (error) {
    throw new Interrupted('the work was interrupted', { cause: error });
  }
}
