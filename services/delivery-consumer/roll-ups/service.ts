import { randomBytes } from 'node:crypto';
import { StatsWriter } from '../../shared/platform/mongo/stats-writer.js';
import type { Dependencies } from '../../shared/platform/process/open-dependencies.js';
import { sleep } from '../../shared/platform/process/backoff.js';
import type { ServiceContext } from '../../shared/platform/process/run-service.js';
import { RollUps } from './roll-ups.js';

/** How old figures may be. */
const EVERY_MS = 10_000;
/** Of a webhook: the minute and the hour that are going on, and as much again for what waits to be written. */
const SERIES_PER_WEBHOOK = 4;

/** Of the shutdown; a server that is there needs milliseconds. */
const LAST_WRITE_MS = 1_500;

/** Wires the roll-ups; the last ones are written when the process ends. */
export function openRollUps(context: ServiceContext, db: Dependencies['db'], maxWebhooks: number): RollUps {
  const writer = new StatsWriter({ db, writer: randomBytes(9).toString('base64url') });
  const rollUps = new RollUps(
    { maxSeries: maxWebhooks * SERIES_PER_WEBHOOK, everyMs: EVERY_MS },
    { write: (series) => writer.write(series), now: Date.now, log: context.log },
  );
  context.onShutdown('roll-ups', () => {
    const done = new AbortController();
    const tooLate = sleep(LAST_WRITE_MS, done.signal).catch(() => undefined);
    return Promise.race([rollUps.close(), tooLate]).finally(() => done.abort());
  });
  return rollUps;
}
