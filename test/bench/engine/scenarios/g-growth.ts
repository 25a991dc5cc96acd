import { runInChild } from '../../shared/child-task.js';
import type { Figure } from '../figure.js';
import type { JoinResult, JoinTask } from '../join-task.js';
import type { Scenario } from '../scenario.js';
import { World } from '../world.js';

const PER_COMPANY = 10;
const BATCH = 10_000;
const MATCHING = 1 / 2;

/** Ever more webhooks registered: what the join costs per event, and the memory of a process that knows them all. */
export const growth: Scenario = {
  id: 'g',
  title: 'growth: the join with ever more webhooks',
  run: async ({ quick }, say) => {
    const sizes = quick ? [1_000, 20_000] : [1_000, 100_000, 1_000_000];
    const world = await World.open();
    try {
      const figures: Figure[] = [];
      let registered = 0;
      let smallest: JoinResult | undefined;
      for (const size of sizes) {
        await register(world, registered, size);
        registered = size;
        const { mongodb } = world.system.config;
        const task: JoinTask = {
          uri: mongodb.uri,
          database: mongodb.database,
          companies: size / PER_COMPANY,
          events: quick ? 100_000 : 1_000_000,
        };
        const result = await runInChild<JoinResult>(new URL('../join-process.js', import.meta.url), task, {
          asService: true,
        });
        smallest ??= result;
        say(`${size}: ${result.warmUs.toFixed(2)} µs per event, ${Math.round(result.rssMiB)} MiB`);
        figures.push(...figuresOf(size, result, smallest, size === sizes.at(-1)));
      }
      return figures;
    } finally {
      await world.close();
    }
  },
};

/** As stored by the product, copied: half of them want the event. */
async function register(world: World, from: number, to: number): Promise<void> {
  const webhooks = world.system.mongo.db.collection<Record<string, unknown> & { _id: string }>('webhooks');
  await world.system.webhook('template', '/ok');
  const template = await webhooks.findOneAndDelete({ companyId: 'template' });
  if (template === null) throw new Error('the template was not stored');
  for (let first = from; first < to; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, to - first) }, (_, index) => {
      const number = first + index;
      const wants = (number % PER_COMPANY) / PER_COMPANY < MATCHING;
      return {
        ...template,
        _id: `wh_${number}`,
        companyId: `co_${Math.floor(number / PER_COMPANY)}`,
        slot: number % PER_COMPANY,
        events: wants ? ['call.end', 'call.summary'] : ['message.received'],
      };
    });
    await webhooks.insertMany(batch, { ordered: false });
  }
}

function figuresOf(size: number, result: JoinResult, smallest: JoinResult, isLargest: boolean): Figure[] {
  const name = `${size.toLocaleString('en')} webhooks`;
  const isSmallest = result === smallest;
  const ratio = { kind: 'at most', value: 1.5, of: 'ratio' } as const;
  return [
    {
      what: `join, ${name}`,
      value: result.warmUs,
      unit: 'µs per event',
      ...(isSmallest ? {} : { limit: smallest.warmUs }),
      ...(isLargest ? { target: ratio } : {}),
    },
    { what: `join, ${name}, events of 100 companies`, value: result.fewUs, unit: 'µs per event' },
    {
      what: `look-up of a company alone, ${name}`,
      value: result.lookupUs,
      unit: 'µs per event',
      ...(isSmallest ? {} : { limit: smallest.lookupUs }),
    },
    { what: `first look at a company, ${name}`, value: result.coldUs, unit: 'µs per event' },
    {
      what: `memory, ${name}`,
      value: result.rssMiB,
      unit: 'MiB',
      ...(isLargest ? { target: { kind: 'at most', value: 1_024 } as const } : {}),
    },
  ];
}
