import { setTimeout as pause } from 'node:timers/promises';
import { nowUs } from '../clock.js';
import { sumOf } from '../cpu.js';
import type { Figure } from '../figure.js';
import { measureAtFullSpeed, type Pair } from '../full-speed.js';
import type { GeneratorResult } from '../generator-task.js';
import { generatorFigure } from '../paced.js';
import { percentilesOf } from '../percentiles.js';
import type { Scenario, Settings } from '../scenario.js';
import { producedAtUsOf } from '../sink-notebook.js';
import { World } from '../world.js';

const PROCESSES = [1, 2, 4] as const;
const PACE = 500;
/** Shared evenly by 1, 2 and 4 processes that work on three at a time. */
const PARTITIONS = 12;

/** Plain HTTP as others are measured, with more and more processes, and as many of the bare loop; and a join. */
export const scaleOut: Scenario = {
  id: 'h',
  title: 'scale-out: 1, 2, 4 delivery processes, and the pause of a rebalance',
  run: async (settings, say) => {
    const measured: Measured[] = [];
    for (const processes of settings.quick ? [1, 2] : PROCESSES) {
      const pair = await measureAtFullSpeed(settings, { plain: true, processes, partitions: PARTITIONS });
      measured.push({ processes, ...pair });
      say(`${processes}: ${Math.round(pair.ours.perSecond)}/s, bare ${Math.round(pair.bare.perSecond)}/s`);
    }
    const join = await pauseOfJoin(settings);
    const most = Math.max(...measured.map(({ ours }) => ours.perSecond));
    return [
      ...measured.flatMap((one) => figuresOf(one, one.ours.perSecond === most)),
      { what: `longest silence at ${PACE}/s while a second process joins`, value: join.longestGapMs, unit: 'ms' },
      { what: `longest latency at ${PACE}/s meanwhile`, value: join.longestLatencyMs, unit: 'ms' },
      generatorFigure(`${PACE}/s`, join.generated),
    ];
  },
};

interface PauseOfJoin {
  /** In which nothing at all arrived: partitions that stay where they are break the silence of those that move. */
  readonly longestGapMs: number;
  /** From the production of an event to its arrival, of those produced until a second after the join. */
  readonly longestLatencyMs: number;
  readonly generated: GeneratorResult;
}

async function pauseOfJoin({ quick }: Settings): Promise<PauseOfJoin> {
  const world = await World.open({ partitions: PARTITIONS });
  try {
    const recipients = await world.recipients(10);
    await (await world.start('delivery-consumer')).ready();
    const producing = world.generate('jobs', recipients, { perSecond: PACE, ms: quick ? 10_000 : 20_000 });
    await pause(quick ? 3_000 : 8_000);
    await world.sink.note();
    await (await world.start('delivery-consumer')).ready();
    await pause(1_000);
    const { longestGapMs } = await world.sink.count();
    const untilUs = nowUs();
    const generated = await producing;
    await pause(1_000);
    const { arrivals } = await world.sink.read();
    const latencies = arrivals
      .map(([eventId, atUs]) => ({ producedAtUs: producedAtUsOf(eventId), atUs }))
      .filter(({ producedAtUs }) => producedAtUs < untilUs)
      .map(({ producedAtUs, atUs }) => (atUs - producedAtUs) / 1_000);
    return { longestGapMs, longestLatencyMs: percentilesOf(latencies).max, generated };
  } finally {
    await world.close();
  }
}

interface Measured extends Pair {
  readonly processes: number;
}

function figuresOf({ processes, ours, bare }: Measured, isBest: boolean): Figure[] {
  const name = processes === 1 ? '1 process' : `${processes} processes`;
  return [
    {
      what: `deliveries, plain, ${name}`,
      value: ours.perSecond,
      unit: '/s',
      limit: bare.perSecond,
      ...(isBest ? { target: { kind: 'at least', value: 20_000 } as const } : {}),
    },
    {
      what: `CPU with Kafka, plain, ${name}`,
      value: sumOf(ours.cpuUs, ['delivery-consumer', 'kafka']),
      unit: 'µs each',
      limit: sumOf(bare.cpuUs, ['bare', 'kafka']),
      ...(isBest ? { target: { kind: 'at most', value: 60 } as const } : {}),
    },
    {
      what: `CPU of the sink, ${name}`,
      value: ours.cpuUs.get('sink') ?? NaN,
      unit: 'µs each',
      limit: bare.cpuUs.get('sink') ?? NaN,
    },
  ];
}
