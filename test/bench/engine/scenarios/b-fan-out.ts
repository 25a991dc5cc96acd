import type { Figure } from '../figure.js';
import { recordsIn } from '../progress.js';
import type { Scenario } from '../scenario.js';
import { measureThroughput, type Throughput } from '../throughput.js';
import { World } from '../world.js';

const COMPANIES = 20;
const PER_COMPANY = 3;

/** Events already on their topic, three webhooks per company, one fan-out process; bare: each record copied three times. */
export const fanOut: Scenario = {
  id: 'b',
  title: 'fan-out of one call-consumer, three webhooks per company',
  run: async ({ quick, profile }, say) => {
    const world = await World.open({ profile });
    const { topics } = world.system.config;
    try {
      const recipients = await world.recipients(COMPANIES * PER_COMPANY, PER_COMPANY);
      const events = quick ? 30_000 : 100_000;
      await world.generate('events', recipients, { records: events });
      const measure = async (to: string): Promise<Throughput> => {
        const made = recordsIn(world, to);
        const done = async (): Promise<number> => (await made.count()) / PER_COMPANY;
        const span = { from: events * 0.5, to: events * 0.95 };
        const measured = await measureThroughput(world, done, span).finally(() => made.close());
        await world.stopServices();
        return measured;
      };
      await world.start('call-consumer');
      const ours = await measure(topics.dispatch);
      await world.startBare(topics.callEvents, { kind: 'copy', to: topics.overflow, copies: PER_COMPANY });
      const bare = await measure(topics.overflow);
      say(`${Math.round(ours.perSecond)} events/s, bare ${Math.round(bare.perSecond)}/s`);
      return figuresOf(ours, bare);
    } finally {
      await world.close();
    }
  },
};

function figuresOf(ours: Throughput, bare: Throughput): Figure[] {
  const cpu = (of: Throughput, name: string): number => of.cpuUs.get(name) ?? NaN;
  return [
    {
      what: 'events, three jobs each',
      value: ours.perSecond,
      unit: '/s',
      limit: bare.perSecond,
      target: { kind: 'at least', value: 10_000 },
    },
    { what: 'CPU of call-consumer', value: cpu(ours, 'call-consumer'), unit: 'µs per event', limit: cpu(bare, 'bare') },
    { what: 'CPU of Kafka', value: cpu(ours, 'kafka'), unit: 'µs per event', limit: cpu(bare, 'kafka') },
    { what: 'CPU of MongoDB', value: cpu(ours, 'mongod'), unit: 'µs per event' },
  ];
}
