import { setTimeout as sleep } from 'node:timers/promises';
import { simulateEvents } from '../simulator/life-cycles.js';
import { produceEvents } from '../simulator/produce.js';
import type { DemoSession } from './demo-session.js';
import { pathOf, WARM_UP_COMPANY, WARM_UP_WEBHOOKS } from './demo-webhooks.js';

const EVENTS = 600;
const RATE = 200;
const GIVE_UP_MS = 30_000;

/**
 * Runs the system in before it is measured: code that was never executed is compiled, connections are opened. The
 * figures are those of a system that has been running, as it does everywhere but in its first two seconds. The events
 * belong to a company of its own, so that nothing of them is counted.
 * Resolves when every event of the warm-up was received, or after 30 s.
 */
export async function warmUp(session: DemoSession, signal: AbortSignal): Promise<void> {
  const paths = new Set(WARM_UP_WEBHOOKS.map(pathOf));
  const until = performance.now() + GIVE_UP_MS;
  await produceEvents({
    pipelines: session.pipelines,
    events: simulateEvents({ seed: 1, events: EVENTS, companies: [WARM_UP_COMPANY], startAt: Date.now(), open: 300 }),
    rate: RATE,
    signal,
  });
  for (let received = 0; received < EVENTS * paths.size && performance.now() < until && !signal.aborted;) {
    const lines = await session.receiver.readNew();
    received += lines.filter(({ endpoint }) => endpoint !== null && paths.has(endpoint)).length;
    await sleep(100, undefined, { signal }).catch(() => undefined);
  }
}
