import { setTimeout as pause } from 'node:timers/promises';
import { sumOf } from '../cpu.js';
import type { Figure } from '../figure.js';
import type { Scenario, Settings } from '../scenario.js';
import { measureThroughput, type Throughput } from '../throughput.js';
import { World } from '../world.js';

const PROCESSES = [1, 2, 4] as const;
const PACE = 500;

/** Jobs already on the dispatch topic, plain HTTP as others are measured, with more and more processes; and a join. */
export const scaleOut: Scenario = {
  id: 'h',
  title: 'scale-out: 1, 2, 4 delivery processes, and the pause of a rebalance',
  run: async (settings, say) => {
    const measured: (Throughput & { readonly processes: number })[] = [];
    for (const processes of settings.quick ? [1, 2] : PROCESSES) {
      measured.push({ processes, ...(await withProcesses(settings, processes)) });
      say(`${processes}: ${Math.round(measured.at(-1)?.perSecond ?? 0)}/s`);
    }
    const gapMs = await longestGap(settings);
    return [
      ...measured.flatMap((one) => figuresOf(one, one.perSecond === Math.max(...measured.map((m) => m.perSecond)))),
      { what: `longest pause at ${PACE}/s while a second process joins`, value: gapMs, unit: 'ms' },
    ];
  },
};

async function withProcesses({ quick, profile }: Settings, processes: number): Promise<Throughput> {
  const world = await World.open({ plain: true, profile });
  try {
    const jobs = quick ? 30_000 : 200_000;
    await world.generate('jobs', await world.recipients(10), { records: jobs });
    await Promise.all(Array.from({ length: processes }, () => world.start('delivery-consumer')));
    const done = async (): Promise<number> => (await world.sink.count()).ok;
    return await measureThroughput(world, done, { from: jobs * 0.5, to: jobs * 0.9 });
  } finally {
    await world.close();
  }
}

/** Nothing arrives while partitions change hands. */
async function longestGap({ quick }: Settings): Promise<number> {
  const world = await World.open();
  try {
    const recipients = await world.recipients(10);
    await (await world.start('delivery-consumer')).ready();
    const producing = world.generate('jobs', recipients, { perSecond: PACE, ms: quick ? 10_000 : 20_000 });
    await pause(quick ? 3_000 : 8_000);
    await world.sink.note();
    await (await world.start('delivery-consumer')).ready();
    await pause(1_000);
    const { longestGapMs } = await world.sink.count();
    await producing;
    return longestGapMs;
  } finally {
    await world.close();
  }
}

function figuresOf(
  { processes, perSecond, cpuUs }: Throughput & { readonly processes: number },
  isBest: boolean,
): Figure[] {
  const name = processes === 1 ? '1 process' : `${processes} processes`;
  return [
    {
      what: `deliveries, plain, ${name}`,
      value: perSecond,
      unit: '/s',
      ...(isBest ? { target: { kind: 'at least', value: 20_000 } as const } : {}),
    },
    {
      what: `CPU with Kafka, plain, ${name}`,
      value: sumOf(cpuUs, ['delivery-consumer', 'kafka']),
      unit: 'µs each',
      ...(isBest ? { target: { kind: 'at most', value: 60 } as const } : {}),
    },
    { what: `CPU of the sink, ${name}`, value: cpuUs.get('sink') ?? NaN, unit: 'µs each' },
  ];
}
