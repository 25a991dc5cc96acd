import type { ServiceContext } from './run-service.js';

/**
 * Says so when this process's clock and MongoDB's differ by more than 30 s, and when they don't any more. Receivers
 * refuse signatures whose instant is off, and instants of several processes are compared: leases, probes, failures.
 */
export function watchClock(
  { log, metrics }: Pick<ServiceContext, 'log' | 'metrics'>,
  onSkew: (tell: (aheadMs: number) => void) => void,
): void {
  let [aheadMs, isOff] = [0, false];
  metrics
    .gauge('webhook_clock_ahead_seconds', "How far this process's clock is ahead of MongoDB's; negative when behind.")
    .readFrom(() => aheadMs / 1_000);
  onSkew((ms) => {
    aheadMs = ms;
    if (Math.abs(ms) > MOST_MS === isOff) return;
    isOff = !isOff;
    if (isOff) log.warn('clock.off', { aheadMs });
    else log.info('clock.right', { aheadMs });
  });
}

const MOST_MS = 30_000;
