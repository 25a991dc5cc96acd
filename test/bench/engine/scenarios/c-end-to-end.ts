import { sumOf } from '../cpu.js';
import type { Figure } from '../figure.js';
import { generatorFigure, runPaced, type Paced, type PacedTask } from '../paced.js';
import { percentilesOf } from '../percentiles.js';
import { BODY_BYTES } from '../samples.js';
import type { Scenario, Settings } from '../scenario.js';
import { stagesOf, type Stages } from '../stages.js';
import { measureThroughput, until, type Throughput } from '../throughput.js';
import { World } from '../world.js';

const WEBHOOKS = 10;
const PER_SECOND = 200;
const SERVERS = ['kafka', 'mongod', 'registry'];
const PROCESSES = ['call-consumer', 'delivery-consumer', 'delivery-consumer (overflow)', 'retry-consumer'];

/** From the event's production to the receiver, over both topics, with every process of the product that has a part. */
export const endToEnd: Scenario = {
  id: 'c',
  title: 'end to end: 200 events/s, and full speed',
  run: async (settings, say) => {
    const slow = await atPace(settings);
    say(`p99 ${percentilesOf(slow.ours.notes.ok).p99.toFixed(1)} ms`);
    if (settings.quick) return paceFigures(slow);
    const full = await atFullSpeed(settings);
    say(`${Math.round(full.perSecond)} deliveries/s`);
    return [...paceFigures(slow), ...fullFigures(full)];
  },
};

/** Starts the processes and waits until each has its partitions. */
export async function startAll(world: World, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const services = await Promise.all([
    world.start('call-consumer', { env }),
    world.start('delivery-consumer', { env }),
    world.start('delivery-consumer', { env, lane: 'overflow' }),
    world.start('retry-consumer', { env }),
  ]);
  await Promise.all(services.map((service) => service.ready()));
}

interface AtPace {
  readonly ours: Paced;
  readonly bare: Paced;
  readonly stages: Stages;
}

async function atPace(settings: Settings): Promise<AtPace> {
  const { ours, stages } = await oursAtPace(settings);
  return { ours, stages, bare: await bareAtPace(settings) };
}

async function oursAtPace(settings: Settings): Promise<Omit<AtPace, 'bare'>> {
  const world = await World.open({ profile: settings.profile });
  try {
    const recipients = await world.recipients(WEBHOOKS, 1);
    await startAll(world);
    const ours = await runPaced(world, { ...paceOf(settings), recipients, content: 'events' });
    return { ours, stages: await stagesOf(world, ours.notes) };
  } finally {
    await world.close();
  }
}

/** One hop: jobs are produced, the bare loop posts them. In a world of its own, so that nobody finds its jobs. */
async function bareAtPace(settings: Settings): Promise<Paced> {
  const world = await World.open();
  try {
    const recipients = await world.recipients(WEBHOOKS, 1);
    const urls = recipients.map((_, index) => world.sink.url(index, '/ok'));
    const work = { kind: 'post', bodyFromEnd: BODY_BYTES + 1, bodyBytes: BODY_BYTES, urls } as const;
    await world.startBare(world.system.config.topics.dispatch, work);
    return await runPaced(world, { ...paceOf(settings), recipients, content: 'jobs' });
  } finally {
    await world.close();
  }
}

/** Java compiles Kafka in the first minute: an event takes it three times as long at its beginning as after its end. */
function paceOf({ quick }: Settings): Pick<PacedTask, 'perSecond' | 'ms' | 'warmUpMs'> {
  return { perSecond: PER_SECOND, ms: quick ? 6_000 : 30_000, warmUpMs: quick ? 3_000 : 60_000 };
}

/** While the generator produces as fast as it can: fan-out and delivery work at the same time, as they do in life. */
async function atFullSpeed({ profile }: Settings): Promise<Throughput> {
  const world = await World.open({ profile });
  try {
    const recipients = await world.recipients(WEBHOOKS, 1);
    const events = 100_000;
    const done = async (): Promise<number> => (await world.sink.count()).ok;
    await startAll(world);
    await world.generate('events', recipients, { records: events / 2 });
    await until(world, done, events / 2);
    const producing = world.generate('events', recipients, { records: events }, events);
    const span = { from: events / 2 + 1, to: events * 1.5 };
    const [measured] = await Promise.all([measureThroughput(world, done, span), producing]);
    return measured;
  } finally {
    await world.close();
  }
}

function paceFigures({ ours, bare, stages }: AtPace): Figure[] {
  const whole = percentilesOf(ours.notes.ok);
  const harness = percentilesOf(bare.notes.ok);
  const missing = ours.generated.records - ours.notes.events;
  const at = `${PER_SECOND}/s`;
  return [
    { what: `produced to received, p50, ${at}`, value: whole.p50, unit: 'ms', limit: harness.p50, target: atMost(2.3) },
    { what: `produced to received, p99, ${at}`, value: whole.p99, unit: 'ms', limit: harness.p99, target: atMost(6) },
    { what: 'of which to the job, p50', value: stages.fanOut.p50, unit: 'ms' },
    { what: 'of which to the job, p99', value: stages.fanOut.p99, unit: 'ms' },
    { what: 'of which from the job, p50', value: stages.delivery.p50, unit: 'ms' },
    { what: 'of which from the job, p99', value: stages.delivery.p99, unit: 'ms' },
    { what: 'events that did not arrive', value: missing, unit: '', target: atMost(0) },
    { ...generatorFigure(at, ours.generated), limit: bare.generated.latestMs },
    {
      what: `CPU of all, ${at}`,
      value: sumOf(ours.cpuUs, [...PROCESSES, ...SERVERS]),
      unit: 'µs each',
      limit: sumOf(bare.cpuUs, ['bare', 'kafka']),
      target: atMost(2_000),
    },
    ...cpuRows(ours.cpuUs, at),
  ];
}

function fullFigures({ perSecond, cpuUs }: Throughput): Figure[] {
  return [
    { what: 'deliveries, full speed', value: perSecond, unit: '/s', target: { kind: 'at least', value: 8_000 } },
    {
      what: 'CPU of all, full speed',
      value: sumOf(cpuUs, [...PROCESSES, ...SERVERS]),
      unit: 'µs each',
      target: atMost(120),
    },
    ...cpuRows(cpuUs, 'full speed'),
  ];
}

function cpuRows(cpuUs: ReadonlyMap<string, number>, when: string): Figure[] {
  return [...cpuUs].map(([name, value]) => ({ what: `CPU of ${name}, ${when}`, value, unit: 'µs each' }));
}

function atMost(value: number) {
  return { kind: 'at most', value } as const;
}
