import type { Figure } from '../figure.js';
import { runPaced } from '../paced.js';
import { percentilesOf } from '../percentiles.js';
import type { Scenario } from '../scenario.js';
import { World } from '../world.js';
import { startAll } from './c-end-to-end.js';

/** The first tells whether the machine has enough of itself left for the second. */
const RATES = [200, 500];
const DELAY_MS = 3_000;

/** Every first attempt fails, so each event is a retry. How late each second attempt arrives after its 3 s. */
export const retries: Scenario = {
  id: 'e',
  title: 'retries: lateness at 200 and 500 retries/s',
  run: async ({ quick, profile }) => {
    const world = await World.open({ profile, env: { STATUS_FAILURE_THRESHOLD: '1000' } });
    try {
      const recipients = await world.recipients(10, 1, () => '/flaky');
      await startAll(world);
      const figures: Figure[] = [];
      for (const [index, perSecond] of RATES.entries()) {
        const { notes } = await runPaced(world, {
          content: 'events',
          recipients,
          perSecond,
          ms: quick ? 8_000 : 20_000,
          warmUpMs: warmUpFor(index === 0, quick),
        });
        figures.push(...figuresOf(perSecond, notes.retried));
      }
      return figures;
    } finally {
      await world.close();
    }
  },
};

/** The compiler learns for half a minute. */
function warmUpFor(isFirst: boolean, quick: boolean): number {
  if (quick) return 2_000;
  return isFirst ? 30_000 : 10_000;
}

function figuresOf(perSecond: number, arrivedAfterMs: readonly number[]): Figure[] {
  const late = percentilesOf(arrivedAfterMs.map((ms) => ms - DELAY_MS));
  return [
    { what: `${perSecond}/s: retries measured`, value: late.count, unit: '' },
    { what: `${perSecond}/s: lateness, p50`, value: late.p50, unit: 'ms' },
    { what: `${perSecond}/s: lateness, p99`, value: late.p99, unit: 'ms', target: { kind: 'at most', value: 100 } },
    { what: `${perSecond}/s: lateness, most`, value: late.max, unit: 'ms' },
  ];
}
