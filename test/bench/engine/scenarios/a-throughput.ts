import { sumOf } from '../cpu.js';
import type { Figure } from '../figure.js';
import { measureAtFullSpeed, type Pair } from '../full-speed.js';
import type { Scenario } from '../scenario.js';

/** One process, over TLS and in plain. */
export const throughput: Scenario = {
  id: 'a',
  title: 'one delivery process at full speed',
  run: async (settings, say) => {
    const tls = await measureAtFullSpeed(settings, { plain: false, processes: 1 });
    say(`TLS: ${Math.round(tls.ours.perSecond)}/s, bare ${Math.round(tls.bare.perSecond)}/s`);
    if (settings.quick) return figuresOf('TLS', tls);
    const plain = await measureAtFullSpeed(settings, { plain: true, processes: 1 });
    say(`plain: ${Math.round(plain.ours.perSecond)}/s, bare ${Math.round(plain.bare.perSecond)}/s`);
    return [...figuresOf('TLS', tls), ...figuresOf('plain', plain)];
  },
};

const HALF = { kind: 'at least', value: 0.5, of: 'ratio' } as const;

function figuresOf(how: string, { ours, bare }: Pair): Figure[] {
  const isTls = how === 'TLS';
  const pace = { value: ours.perSecond, unit: '/s', limit: bare.perSecond };
  const cpu = ours.cpuUs.get('delivery-consumer') ?? NaN;
  return [
    { ...pace, what: `deliveries, ${how}`, ...(isTls ? { target: { kind: 'at least', value: 15_000 } } : {}) },
    ...(isTls ? [{ ...pace, what: 'deliveries, TLS, of the bare loop', target: HALF }] : []),
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
