import { setTimeout as pause } from 'node:timers/promises';
import type { Figure } from '../figure.js';
import { nowUs } from '../clock.js';
import type { Scenario } from '../scenario.js';
import { producedAtUsOf } from '../sink-notebook.js';
import { World } from '../world.js';
import { startAll } from './c-end-to-end.js';

const PER_SECOND = 100;
const BEFORE_MS = 3_000;
const AFTER_MS = 5_000;
const LONGEST_MS = 180_000;

/** All receivers reset every connection for a time: the webhooks become Failed, are probed, and get what was held. */
export const recovery: Scenario = {
  id: 'f',
  title: 'recovery: receivers down, events lost, time until caught up',
  run: async ({ quick, profile }, say) => {
    const downMs = quick ? 5_000 : 60_000;
    const world = await World.open({ profile });
    try {
      const recipients = await world.recipients(10, 1, () => '/sick');
      await startAll(world);
      await world.sink.note();
      const pace = { perSecond: PER_SECOND, ms: BEFORE_MS + downMs + AFTER_MS };
      const producing = world.generate('events', recipients, pace, 900_000_000);
      await pause(BEFORE_MS);
      await world.sink.mode({ kind: 'reset' });
      await pause(downMs);
      await world.sink.mode({ kind: 'answer' });
      const upAtUs = nowUs();
      const { records } = await producing;
      const { arrived, caughtUpMs } = await untilCaughtUp(world, records, upAtUs);
      say(`${records - arrived} of ${records} lost, caught up after ${(caughtUpMs / 1_000).toFixed(1)} s`);
      return [
        { what: 'receivers down for', value: downMs / 1_000, unit: 's' },
        { what: 'events', value: records, unit: '' },
        { what: 'events lost', value: records - arrived, unit: '', target: { kind: 'at most', value: 0 } },
        { what: 'caught up after', value: caughtUpMs / 1_000, unit: 's' },
      ] satisfies Figure[];
    } finally {
      await world.close();
    }
  },
};

/** Waits for all events; how long after the receivers were up the last of those arrived that were produced before. */
async function untilCaughtUp(
  world: World,
  records: number,
  upAtUs: number,
): Promise<{ readonly arrived: number; readonly caughtUpMs: number }> {
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    const { events, arrivals } = await world.sink.read();
    if (events >= records || performance.now() > deadline) {
      const owed = arrivals.filter(([eventId]) => producedAtUsOf(eventId) < upAtUs).map(([, atUs]) => atUs);
      return { arrived: events, caughtUpMs: (owed.reduce((a, b) => Math.max(a, b), upAtUs) - upAtUs) / 1_000 };
    }
    await pause(500);
  }
}
