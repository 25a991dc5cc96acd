import { runInChild } from '../../shared/child-task.js';
import { rssMiBOf } from '../../shared/process-usage.js';
import type { Figure } from '../figure.js';
import { spreadOver, type JoinResult, type JoinTask } from '../join-task.js';
import { recordsIn } from '../progress.js';
import type { Scenario } from '../scenario.js';
import { measureThroughput } from '../throughput.js';
import { World } from '../world.js';

const PER_COMPANY = 10;
const BATCH = 10_000;
const MATCHING = 1 / 2;

/**
 * Ever more webhooks registered: what the join costs per event, and what the whole fan-out of an event does with the fewest
 * and with the most; the memory of a process that knows them all.
 */
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
      let fewest: FanOutCost | undefined;
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
        if (size !== sizes[0] && size !== sizes.at(-1)) continue;
        const whole = await measureFanOut(world, size / PER_COMPANY, quick ? 20_000 : 40_000);
        say(`${size}: fan-out ${whole.cpuUs.toFixed(1)} µs of CPU per event, ${Math.round(whole.rssMiB)} MiB`);
        figures.push(...fanOutFigures(size, whole, fewest));
        fewest ??= whole;
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

interface FanOutCost {
  /** Of a call-consumer, per event. */
  readonly cpuUs: number;
  readonly rssMiB: number;
}

/** Events of all companies in turns, five jobs each, once this process has read each company and its compiler has seen all. */
async function measureFanOut(world: World, companies: number, events: number): Promise<FanOutCost> {
  const recipients = Array.from({ length: companies }, (_, index) => ({
    companyId: `co_${spreadOver(companies, index)}`,
    webhookId: '',
  }));
  const jobs = recordsIn(world, world.system.config.topics.dispatch);
  try {
    const before = await jobs.count();
    const done = async (): Promise<number> => ((await jobs.count()) - before) / (PER_COMPANY * MATCHING);
    const warmUp = Math.max(companies, events);
    await world.generate('events', recipients, { records: warmUp + events });
    const fanOut = await world.start('call-consumer');
    const { cpuUs } = await measureThroughput(world, done, { from: warmUp, to: warmUp + events * 0.95 });
    return { cpuUs: cpuUs.get('call-consumer') ?? NaN, rssMiB: await rssMiBOf(fanOut.pid) };
  } finally {
    await jobs.close();
    await world.stopServices();
  }
}

function fanOutFigures(size: number, cost: FanOutCost, fewest: FanOutCost | undefined): Figure[] {
  const name = `${size.toLocaleString('en')} webhooks`;
  return [
    {
      what: `whole fan-out of an event, ${name}`,
      value: cost.cpuUs,
      unit: 'µs of CPU',
      ...(fewest === undefined ? {} : { limit: fewest.cpuUs }),
    },
    { what: `memory of call-consumer, ${name}`, value: cost.rssMiB, unit: 'MiB' },
  ];
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
