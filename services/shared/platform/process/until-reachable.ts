import { DependencyError, type Dependency } from '../../core/errors.js';
import type { Log } from '../log/logger.js';
import { pauseAfter, sleep, type Backoff } from './backoff.js';
import { reasonOf } from './reason-of.js';

const BACKOFF: Backoff = { firstMs: 250, factor: 2, maxMs: 30_000, jitter: 0.3 };

export interface UntilReachableOptions {
  readonly log: Log;
  /** From the first try on; then the process ends, for its supervisor to see. */
  readonly giveUpMs: number;
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

/**
 * Tries `connect` until it succeeds: a process that starts before its dependencies waits for them, with one log line
 * per failed try and growing pauses. Only a DependencyError is waited out; any other error passes through.
 *
 * @throws DependencyError when `giveUpMs` have passed, even while a try is under way; the reason of `signal` when the
 * process is asked to end
 */
export async function untilReachable<T>(
  dependency: Dependency,
  connect: () => Promise<T>,
  { log, giveUpMs, signal, random = Math.random }: UntilReachableOptions,
): Promise<T> {
  const until = performance.now() + giveUpMs;
  for (let tryNumber = 1; ; tryNumber++) {
    signal.throwIfAborted();
    try {
      const connected = await bounded(dependency, connect(), Math.ceil(until - performance.now()) + 1, signal);
      if (tryNumber > 1) log.info('dependency.reached', { dependency, tries: tryNumber });
      return connected;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DependencyError)) throw error;
      const leftMs = until - performance.now();
      if (leftMs < 1) throw givenUp(dependency, giveUpMs, tryNumber, error);
      const pauseMs = Math.min(pauseAfter(tryNumber, BACKOFF, random()), leftMs);
      log.warn('dependency.away', {
        dependency,
        tries: tryNumber,
        reason: reasonAlone(error),
        pauseMs: Math.ceil(pauseMs),
      });
      await sleep(pauseMs, signal);
    }
  }
}

/** Waits for `work`, but no longer than `ms` and not beyond an abort. */
async function bounded<T>(dependency: Dependency, work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const tooLate = sleep(ms, AbortSignal.any([signal, done.signal])).then(() => {
    throw new DependencyError(dependency, 'no answer');
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    done.abort();
    tooLate.catch(() => undefined);
    work.catch(() => undefined);
  }
}

function givenUp(dependency: Dependency, giveUpMs: number, tries: number, cause: DependencyError): DependencyError {
  const text = `not reachable within ${giveUpMs / 1_000} s (${tries === 1 ? '1 try' : `${tries} tries`}): ${reasonAlone(cause)}`;
  return new DependencyError(dependency, text, { cause });
}

/** Without the name of the dependency, which is told beside it. */
function reasonAlone(error: DependencyError): string {
  return reasonOf(error).replace(`${error.dependency}: `, '');
}
