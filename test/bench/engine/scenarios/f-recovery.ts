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

/**
 * All receivers reset every connection for a time: the webhooks become Failed, are probed, and get what was held. A probe
 * is an attempt of its event: what used up its three attempts is done and stands in the failure log; lost is what neither
 * arrived nor stands there.
 */
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
      const { arrivals, done, caughtUpMs } = await untilCaughtUp(world, records, upAtUs);
      say(`${records - done.size} of ${records} lost, caught up after ${(caughtUpMs / 1_000).toFixed(1)} s`);
      return [
        { what: 'receivers down for', value: downMs / 1_000, unit: 's' },
        { what: 'events', value: records, unit: '' },
        { what: 'events that used up their attempts', value: done.size - arrivals.size, unit: '' },
        { what: 'events lost', value: records - done.size, unit: '', target: { kind: 'at most', value: 0 } },
        { what: 'caught up after', value: caughtUpMs / 1_000, unit: 's' },
      ] satisfies Figure[];
    } finally {
      await world.close();
    }
  },
};

interface CaughtUp {
  readonly arrivals: ReadonlySet<string>;
  /** What arrived, and what used up its attempts. */
  readonly done: ReadonlySet<string>;
  readonly caughtUpMs: number;
}

const ATTEMPTS = 3;

/** Waits for all events; how long after the receivers were up the last of those arrived that were produced before. */
async function untilCaughtUp(world: World, records: number, upAtUs: number): Promise<CaughtUp> {
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    const { arrivals } = await world.sink.read();
    const usedUp = await world.system.failures({ attempt: ATTEMPTS });
    const arrived = new Set(arrivals.map(([eventId]) => eventId));
    const done = new Set([...arrived, ...usedUp.map(({ eventId }) => eventId)]);
    if (done.size >= records || performance.now() > deadline) {
      const owed = arrivals.filter(([eventId]) => producedAtUsOf(eventId) < upAtUs).map(([, atUs]) => atUs);
      const lastUs = owed.reduce((a, b) => Math.max(a, b), upAtUs);
      return { arrivals: arrived, done, caughtUpMs: (lastUs - upAtUs) / 1_000 };
    }
    await pause(500);
  }
}
