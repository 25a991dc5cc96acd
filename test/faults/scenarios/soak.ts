import { pause } from '../../support/waiting.js';
import type { Rig } from '../rig.js';
import type { During, Scenario } from '../scenario.js';
import { GROUPS, proxyOf } from './targets.js';

/** The long run: a steady load, and every quarter of a minute one of the faults that happen in production. */

const NAMES = Object.keys(GROUPS);

type Hurt = (rig: Rig, during: During) => Promise<void>;

const kill: Hurt = (rig, { random }) => {
  const as = random.pick(NAMES);
  return rig.strike(`kill -9 ${as}`, GROUPS[as] ?? [], () => rig.fleet.kill(as));
};

const restart: Hurt = (rig, { random }) => {
  const as = random.pick(NAMES);
  return rig.strike(`SIGTERM ${as}`, GROUPS[as] ?? [], async () => {
    await rig.fleet.stop(as);
    await rig.fleet.start(as, { wait: true });
  });
};

const freeze: Hurt = (rig, { random }) => {
  const as = random.pick(NAMES);
  const signal = (name: NodeJS.Signals) => (): void => rig.fleet.process(as).kill(name);
  const parts = { take: signal('SIGSTOP'), give: signal('SIGCONT') };
  return rig.outage(`${as} freezes`, GROUPS[as] ?? [], 9_000, parts);
};

const mongoAway: Hurt = (rig) => {
  const proxy = proxyOf(rig, 'MongoDB');
  return rig.outage('MongoDB refuses', [], 5_000, { take: () => proxy.cut(), give: () => proxy.restore() });
};

const mongoSlow: Hurt = (rig) => {
  const proxy = proxyOf(rig, 'MongoDB');
  const parts = { take: () => proxy.delayAnswers(500), give: () => proxy.restore() };
  return rig.outage('MongoDB is 0.5 s late', [], 8_000, parts);
};

const registryAway: Hurt = (rig) => {
  const proxy = proxyOf(rig, 'registry');
  return rig.outage('registry hangs', [], 8_000, { take: () => proxy.hang(), give: () => proxy.restore() });
};

const HURTS: readonly Hurt[] = [kill, kill, restart, freeze, mongoAway, mongoSlow, registryAway];
const EVERY_MS = 15_000;

const soak: Scenario = {
  name: 'soak',
  about: 'a steady load with a random fault every 15 s, for as long as is asked for',
  covers: [],
  servers: 'proxied',
  seconds: 150,
  rate: 60,
  inject: async (rig, during) => {
    while (!during.loadEnded()) {
      const nextAt = Date.now() + EVERY_MS;
      await during.random.pick(HURTS)(rig, during);
      while (Date.now() < nextAt && !during.loadEnded()) await pause(250);
    }
  },
};

export const SOAK_SCENARIOS: readonly Scenario[] = [soak];
