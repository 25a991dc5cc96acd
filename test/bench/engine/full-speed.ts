import { BODY_BYTES } from './samples.js';
import type { Settings } from './scenario.js';
import { measureThroughput, type Throughput } from './throughput.js';
import { World, type WorldOptions } from './world.js';

/** Ours and then the bare loop, on the same jobs: the limit has the warmer Kafka. */
export interface Pair {
  readonly ours: Throughput;
  readonly bare: Throughput;
}

/** Behind the body, a job's record has one byte. */
const POST = { kind: 'post', bodyFromEnd: BODY_BYTES + 1, bodyBytes: BODY_BYTES } as const;
const WEBHOOKS = 10;

/** Jobs already on the dispatch topic, ten webhooks with an origin each, 1 KB bodies; so many processes of each kind. */
export async function measureAtFullSpeed(
  { quick, profile }: Settings,
  { plain, processes, partitions }: Pick<WorldOptions, 'plain' | 'partitions'> & { readonly processes: number },
): Promise<Pair> {
  const world = await World.open({ plain, partitions, profile });
  try {
    const recipients = await world.recipients(WEBHOOKS);
    const jobs = quick ? 40_000 : 200_000;
    await world.generate('jobs', recipients, { records: jobs });
    const done = async (): Promise<number> => (await world.sink.count()).ok;
    // From half of them on the compiler has seen everything; at the end some processes have nothing left.
    const span = (before: number) => ({ from: before + jobs * 0.5, to: before + jobs * 0.9 });
    await Promise.all(Array.from({ length: processes }, () => world.start('delivery-consumer')));
    const ours = await measureThroughput(world, done, span(0));
    await world.stopServices();
    const before = await done();
    const urls = recipients.map((_, index) => world.sink.url(index, '/ok'));
    const starting = world.startBare(world.system.config.topics.dispatch, { ...POST, urls }, processes);
    const [bare] = await Promise.all([measureThroughput(world, done, span(before)), starting]);
    return { ours, bare };
  } finally {
    await world.close();
  }
}
