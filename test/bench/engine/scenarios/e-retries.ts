import type { Figure } from '../figure.js';
import { generatorFigure, runPaced, type Paced } from '../paced.js';
import { percentilesOf } from '../percentiles.js';
import type { Scenario } from '../scenario.js';
import { World } from '../world.js';
import { startAll } from './c-end-to-end.js';

/** The first tells whether the machine has enough of itself left for the second. */
const RATES = [200, 500];
const DELAY_MS = 3_000;
/** A retry that is later than this has not arrived. */
const LATEST_MS = 3_000;

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
        const paced = await runPaced(world, {
          content: 'events',
          recipients,
          perSecond,
          ms: quick ? 8_000 : 20_000,
          warmUpMs: warmUpFor(index === 0, quick),
          settleMs: DELAY_MS + LATEST_MS,
        });
        figures.push(...figuresOf(`${perSecond}/s`, paced));
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

function figuresOf(at: string, { notes, generated }: Paced): Figure[] {
  const late = percentilesOf(notes.retried.map((ms) => ms - DELAY_MS));
  const missing = generated.records - notes.events;
  return [
    { what: `${at}: retries measured`, value: late.count, unit: '' },
    { what: `${at}: retries that did not arrive`, value: missing, unit: '', target: { kind: 'at most', value: 0 } },
    { what: `${at}: lateness, p50`, value: late.p50, unit: 'ms' },
    { what: `${at}: lateness, p99`, value: late.p99, unit: 'ms', target: { kind: 'at most', value: 100 } },
    { what: `${at}: lateness, most`, value: late.max, unit: 'ms' },
    generatorFigure(at, generated),
  ];
}
