import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoSession } from './demo-session.js';
import type { DeliveryTally } from './delivery-tally.js';
import { familyMemoryMiB } from './family-memory.js';
import type { ViewFacts, WebhookState } from './live-view.js';
import { readWebhookStates } from './webhook-states.js';

/**
 * Follows the deliveries until they are complete or nothing comes any more: reads the receiver's log into the tally,
 * looks at the webhooks' states, measures memory, and shows it all.
 */
export interface WatchOptions {
  readonly session: DemoSession;
  readonly tally: DeliveryTally;
  /** Whether all events are produced; until then nothing is complete. */
  readonly allProduced: () => boolean;
  readonly show: (facts: ViewFacts) => void;
  readonly signal: AbortSignal;
}

export interface Watched {
  readonly held: number;
  readonly peakMemoryMiB: number;
}

const READ_EVERY_MS = 250;
const MEASURE_EVERY_MS = 2_000;
/** Time for a double to turn up after everything has come. */
const SETTLE_MS = 1_500;
/** Nothing came for so long: nothing more will come. More than a retry's pause and an attempt's time-out. */
const STALLED_MS = 20_000;

export async function watchDeliveries(options: WatchOptions): Promise<Watched> {
  const { session, tally, show, signal } = options;
  const startedAt = performance.now();
  let [states, memoryMiB, peakMemoryMiB]: [ReadonlyMap<string, WebhookState>, number, number] = [new Map(), 0, 0];
  let [measuredAt, changedAt, completeSince] = [Number.NEGATIVE_INFINITY, startedAt, Number.POSITIVE_INFINITY];
  const heldCount = (): number => [...states.values()].reduce((sum, { held }) => sum + held, 0);
  while (!signal.aborted) {
    const lines = await session.receiver.readNew();
    tally.addReceived(lines, Date.now());
    const now = performance.now();
    if (lines.length > 0) changedAt = now;
    if (now - measuredAt >= MEASURE_EVERY_MS) {
      measuredAt = now;
      [memoryMiB, states] = await Promise.all([
        familyMemoryMiB(process.pid),
        readWebhookStates(session.db, session.webhookIds),
      ]);
      peakMemoryMiB = Math.max(peakMemoryMiB, memoryMiB);
    }
    show({ seconds: (now - startedAt) / 1_000, memoryMiB, states });
    const complete = options.allProduced() && tally.open <= heldCount();
    completeSince = complete ? Math.min(completeSince, now) : Number.POSITIVE_INFINITY;
    if (now - completeSince >= SETTLE_MS || (options.allProduced() && now - changedAt >= STALLED_MS)) break;
    await sleep(READ_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  tally.addReceived([], Number.POSITIVE_INFINITY);
  return { held: heldCount(), peakMemoryMiB };
}
