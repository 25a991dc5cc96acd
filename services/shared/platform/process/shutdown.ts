import type { Log } from '../log/logger.js';
import { sleep } from './backoff.js';

/** One thing to be ended in order, such as a consumer or a client. */
export interface ShutdownStep {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

export type ShutdownResult =
  | { readonly kind: 'clean' }
  | { readonly kind: 'unclean'; readonly failed: readonly string[] }
  | { readonly kind: 'stuck'; readonly step: string };

/**
 * Takes the steps off the list and runs them one after the other, the last registered first: what was opened last leans
 * on what was opened before. Steps that are registered meanwhile come next. A step that fails doesn't keep the others from running; one that hangs ends it all when `timeoutMs` are over,
 * because the supervisor's kill would come next and say nothing.
 */
export async function runShutdown(steps: ShutdownStep[], timeoutMs: number, log: Log): Promise<ShutdownResult> {
  const finished = new AbortController();
  const deadline = sleep(timeoutMs, finished.signal).then(() => 'late' as const);
  deadline.catch(() => undefined);
  const failed: string[] = [];
  try {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const startedAt = performance.now();
      const ended = await Promise.race([runStep(step, failed, log), deadline]);
      if (ended === 'late') return { kind: 'stuck', step: step.name };
      log.debug('shutdown.step', { step: step.name, durationMs: Math.round(performance.now() - startedAt) });
    }
    return failed.length === 0 ? { kind: 'clean' } : { kind: 'unclean', failed };
  } finally {
    finished.abort();
  }
}

async function runStep(step: ShutdownStep, failed: string[], log: Log): Promise<void> {
  try {
    await step.run();
  } catch (err) {
    failed.push(step.name);
    log.error('shutdown.step-failed', { step: step.name, err });
  }
}
