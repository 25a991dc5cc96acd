import type { Figure } from '../figure.js';
import { runPaced } from '../paced.js';
import { percentilesOf } from '../percentiles.js';
import type { Scenario } from '../scenario.js';
import { World } from '../world.js';
import { startAll } from './c-end-to-end.js';

const PER_SECOND = 500;
const DELAY_MS = 3_000;

/** Every first attempt fails: 500 retries a second. How late each second attempt arrives after its 3 s. */
export const retries: Scenario = {
  id: 'e',
  title: 'retries: lateness at 500 retries/s',
  run: async ({ quick, profile }) => {
    const world = await World.open({ profile, env: { STATUS_FAILURE_THRESHOLD: '1000' } });
    try {
      const recipients = await world.recipients(10, 1, () => '/flaky');
      await startAll(world);
      const { notes } = await runPaced(world, {
        content: 'events',
        recipients,
        perSecond: PER_SECOND,
        ms: quick ? 8_000 : 30_000,
        warmUpMs: quick ? 2_000 : 10_000,
      });
      const late = percentilesOf(notes.retried.map((ms) => ms - DELAY_MS));
      return [
        { what: 'retries measured', value: late.count, unit: '' },
        { what: 'lateness, p50', value: late.p50, unit: 'ms' },
        { what: 'lateness, p99', value: late.p99, unit: 'ms', target: { kind: 'at most', value: 100 } },
        { what: 'lateness, most', value: late.max, unit: 'ms' },
      ] satisfies Figure[];
    } finally {
      await world.close();
    }
  },
};
