import { respond } from '../../../deploy/local/receiver/step.js';
import { pause } from '../../support/waiting.js';
import { usualEstate } from '../estate.js';
import type { Rig } from '../rig.js';
import type { During, Scenario } from '../scenario.js';
import { GROUPS, proxyOf } from './targets.js';

/** The long run: a steady load, and again and again one of the faults that happen in production. */

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

const endpointSlow: Hurt = (rig) => {
  const script = (delayMs: number) => () => rig.system.receiver.endpoint('/a', [respond(200, { delayMs })]);
  return rig.outage('an endpoint takes 2 s', [], 8_000, { take: script(2_000), give: script(5) });
};

const LIVED_THROUGH: readonly Hurt[] = [freeze, mongoAway, mongoSlow, registryAway, endpointSlow];
const ALL: readonly Hurt[] = [...LIVED_THROUGH, kill, kill, restart];

/** Every minute where there are hours, four times as often in a run of minutes. */
const everyMs = (ms: number): number => (ms < 300_000 ? 15_000 : 60_000);

const soak: Scenario = {
  name: 'soak',
  about: 'a steady load with random faults, for as long as is asked for; in the second half of hours nobody is killed',
  covers: [],
  servers: 'proxied',
  seconds: 150,
  // What the witnesses can keep in memory.
  chapterSeconds: 300,
  rate: 60,
  // One webhook per event, so that two cores have room for 300 events/s.
  estate: () => ({ webhooks: usualEstate().filter(({ path }) => path !== '/c2') }),
  inject: async (rig, during) => {
    const hurts = during.chapter < during.chapters / 2 ? ALL : LIVED_THROUGH;
    while (!during.loadEnded()) {
      const nextAt = Date.now() + everyMs(during.ms);
      await during.random.pick(hurts)(rig, during);
      while (Date.now() < nextAt && !during.loadEnded()) await pause(250);
    }
  },
};

export const SOAK_SCENARIOS: readonly Scenario[] = [soak];
