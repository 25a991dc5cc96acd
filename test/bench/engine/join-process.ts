import { LRUCache } from 'lru-cache';
import { ChangeFeed } from '../../../services/shared/platform/mongo/change-feed.js';
import { connectMongo } from '../../../services/shared/platform/mongo/connect.js';
import { SubscriptionDirectory } from '../../../services/shared/platform/mongo/subscription-directory.js';
import { serveTask } from '../shared/child-task.js';
import { rssMiBOf } from '../shared/process-usage.js';
import { spreadOver, type JoinResult, type JoinTask } from './join-task.js';
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
  const join = async (ids: readonly string[]): Promise<void> => {
    const found = directory.lookup(ids);
    const subscriptions = found instanceof Promise ? await found : found;
    for (const companyId of ids) {
      matched.jobs += subscriptions.get(companyId)?.matching({ companyId, eventType: EVENT_TYPE }).length ?? 0;
    }
  };
  // Once over all of them: each company is read for the first time.
  const coldUs = await timed(join, companies, (index) => index);
  const spread = (index: number): number => spreadOver(companies, index);
  await timed(join, events / 4, spread);
  const warmUs = await timed(join, events, spread);
  const fewUs = await timed(join, events, (index) => spreadOver(FEW, index) * Math.floor(companies / FEW));
  if (matched.jobs === 0) throw new Error('no event matched a webhook');
  const rssMiB = await rssMiBOf(process.pid);
  await feed.close();
  await mongo.close();
  return { coldUs, warmUs, fewUs, lookupUs: await timedLookup(companies, events, spread), rssMiB };
}

/** Per event, in µs: batches of companies' ids, made anew for each as a decoded record has them. */
async function timed(
  work: (ids: readonly string[]) => Promise<void> | void,
  count: number,
  numberOf: (index: number) => number,
): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < count; done += BATCH)
    await work(Array.from({ length: Math.min(BATCH, count - done) }, (_, index) => `co_${numberOf(done + index)}`));
  return ((performance.now() - startedAt) * 1_000) / count;
}

async function timedLookup(companies: number, events: number, numberOf: (index: number) => number): Promise<number> {
  const numbers = new LRUCache<string, number>({ max: companies });
  for (let number = 0; number < companies; number += 1) numbers.set(`co_${number}`, number);
  let found = 0;
  const lookup = (ids: readonly string[]): void => {
    for (const id of ids) if (numbers.get(id) !== undefined) found += 1;
  };
  await timed(lookup, events / 4, numberOf);
  const us = await timed(lookup, events, numberOf);
  if (found !== events * 1.25) throw new Error(`${found} companies were found`);
  return us;
}

serveTask(run);
