import { matchSubscriptions } from '../../../services/shared/core/match.js';
import { ChangeFeed } from '../../../services/shared/platform/mongo/change-feed.js';
import { connectMongo } from '../../../services/shared/platform/mongo/connect.js';
import { SubscriptionDirectory } from '../../../services/shared/platform/mongo/subscription-directory.js';
import { serveTask } from '../shared/child-task.js';
import { rssMiBOf } from '../shared/process-usage.js';
import type { JoinResult, JoinTask } from './join-task.js';
import { EVENT_TYPE } from './samples.js';

/** The join of the fan-out alone: look the companies of a batch up, match each event with its subscriptions. */
const BATCH = 200;
const FEW = 100;

async function run({ uri, database, companies, events }: JoinTask): Promise<JoinResult> {
  const mongo = await connectMongo({ uri, database, appName: 'bench-join' });
  const feed = new ChangeFeed(mongo.db, () => undefined);
  feed.start();
  const directory = new SubscriptionDirectory({ db: mongo.db, feed, maxCompanies: Math.max(companies, 100_000) });
  const matched = { jobs: 0 };
  const join = async (numbers: readonly number[]): Promise<void> => {
    const ids = numbers.map((number) => `co_${number}`);
    const found = directory.lookup(ids);
    const subscriptions = found instanceof Promise ? await found : found;
    for (const companyId of ids) {
      const event = { companyId, eventType: EVENT_TYPE } as Parameters<typeof matchSubscriptions>[0];
      matched.jobs += matchSubscriptions(event, subscriptions.get(companyId) ?? []).length;
    }
  };
  const timed = async (count: number, numberOf: (index: number) => number): Promise<number> => {
    const startedAt = performance.now();
    for (let done = 0; done < count; done += BATCH)
      await join(Array.from({ length: Math.min(BATCH, count - done) }, (_, index) => numberOf(done + index)));
    return ((performance.now() - startedAt) * 1_000) / count;
  };
  // Once over all of them: each company is read for the first time.
  const coldUs = await timed(companies, (index) => index);
  // Spread over all of them, so that no small part of memory stays warm.
  const spread = (index: number): number => (index * 7_919) % companies;
  await timed(events / 4, spread);
  const warmUs = await timed(events, spread);
  const fewUs = await timed(events, (index) => ((index * 7_919) % FEW) * Math.floor(companies / FEW));
  if (matched.jobs === 0) throw new Error('no event matched a webhook');
  const rssMiB = await rssMiBOf(process.pid);
  await feed.close();
  await mongo.close();
  return { coldUs, warmUs, fewUs, rssMiB };
}

serveTask(run);
