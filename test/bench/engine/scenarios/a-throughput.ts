import type { Figure } from '../figure.js';
import { sumOf } from '../cpu.js';
import { BODY_BYTES } from '../samples.js';
import type { Scenario, Settings } from '../scenario.js';
import { measureThroughput, type Throughput } from '../throughput.js';
import { World } from '../world.js';

/** Behind the body, a job's record has one byte. */
const POST = { kind: 'post', bodyFromEnd: BODY_BYTES + 1, bodyBytes: BODY_BYTES } as const;
const WEBHOOKS = 10;

/** Jobs already on the dispatch topic, ten webhooks, 1 KB bodies, one process. */
export const throughput: Scenario = {
  id: 'a',
  title: 'one delivery process at full speed',
  run: async (settings, say) => {
    const tls = await measure(settings, false);
    say(`TLS: ${Math.round(tls.ours.perSecond)}/s, bare ${Math.round(tls.bare.perSecond)}/s`);
    if (settings.quick) return figuresOf('TLS', tls);
    const plain = await measure(settings, true);
    say(`plain: ${Math.round(plain.ours.perSecond)}/s, bare ${Math.round(plain.bare.perSecond)}/s`);
    return [...figuresOf('TLS', tls), ...figuresOf('plain', plain)];
  },
};

interface Pair {
  readonly ours: Throughput;
  readonly bare: Throughput;
}

async function measure({ quick, profile }: Settings, plain: boolean): Promise<Pair> {
  const world = await World.open({ plain, profile });
  try {
    const recipients = await world.recipients(WEBHOOKS);
    const jobs = quick ? 40_000 : 200_000;
    await world.generate('jobs', recipients, { records: jobs });
    const done = async (): Promise<number> => (await world.sink.count()).ok;
    const span = (before: number) => ({ from: before + jobs * 0.5, to: before + jobs * 0.95 });
    const urls = recipients.map((_, index) => world.sink.url(index, '/ok'));
    await world.startBare(world.system.config.topics.dispatch, { ...POST, urls });
    const bare = await measureThroughput(world, done, span(0));
    await world.stopServices();
    const before = await done();
    await world.start('delivery-consumer');
    const ours = await measureThroughput(world, done, span(before));
    return { ours, bare };
  } finally {
    await world.close();
  }
}

function figuresOf(how: string, { ours, bare }: Pair): Figure[] {
  const isTls = how === 'TLS';
  const cpu = ours.cpuUs.get('delivery-consumer') ?? NaN;
  return [
    {
      what: `deliveries, ${how}`,
      value: ours.perSecond,
      unit: '/s',
      limit: bare.perSecond,
      ...(isTls ? { target: { kind: 'at least', value: 15_000 } } : {}),
    },
    {
      what: `CPU of the delivery process, ${how}`,
      value: cpu,
      unit: 'µs each',
      limit: bare.cpuUs.get('bare') ?? NaN,
      ...(isTls ? { target: { kind: 'at most', value: 2, of: 'ratio' } } : {}),
    },
    {
      what: `CPU with Kafka, ${how}`,
      value: sumOf(ours.cpuUs, ['delivery-consumer', 'kafka']),
      unit: 'µs each',
      limit: sumOf(bare.cpuUs, ['bare', 'kafka']),
    },
    {
      what: `CPU of MongoDB, ${how}`,
      value: ours.cpuUs.get('mongod') ?? NaN,
      unit: 'µs each',
    },
    {
      what: `CPU of the sink, ${how}`,
      value: ours.cpuUs.get('sink') ?? NaN,
      unit: 'µs each',
      limit: bare.cpuUs.get('sink') ?? NaN,
    },
  ];
}
