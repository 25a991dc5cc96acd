import { pause } from '../../support/waiting.js';
import type { Rig } from '../rig.js';
import type { During, Scenario } from '../scenario.js';
import { GROUPS } from './targets.js';

/** Scenarios in which processes die, are asked to end, freeze, come and go. */

const NAMES = Object.keys(GROUPS);

const kill = (rig: Rig, as: string): Promise<void> =>
  rig.strike(`kill -9 ${as}`, GROUPS[as] ?? [], () => rig.fleet.kill(as));

/** While the load lasts, one after the other, at moments that the seed decides. */
async function killAtRandom(rig: Rig, { random, loadEnded }: During): Promise<void> {
  while (!loadEnded()) {
    await pause(random.whole(200, 2_000));
    const as = random.pick(NAMES.filter((name) => rig.fleet.process(name).running));
    await kill(rig, as);
  }
}

const noFault: Scenario = {
  name: 'no-fault',
  about: 'nothing happens: not one double, every conversation in order',
  covers: [],
  servers: 'stack',
  seconds: 15,
  rate: 100,
  inject: () => Promise.resolve(),
};

const kills: Scenario = {
  name: 'kills',
  about: 'kill -9 of every process at random moments',
  covers: [2, 3, 4],
  servers: 'stack',
  seconds: 60,
  rate: 60,
  inject: killAtRandom,
};

const killOnce: Scenario = {
  name: 'kill-default-session',
  about: 'kill -9 of every process at once, with the sessions of 30 s that production has',
  covers: [2, 3, 4],
  servers: 'stack',
  seconds: 20,
  rate: 100,
  env: { KAFKA_SESSION_TIMEOUT_MS: '30000', KAFKA_HEARTBEAT_INTERVAL_MS: '3000' },
  inject: async (rig, { ms }) => {
    await pause(ms / 3);
    await Promise.all(NAMES.map((as) => kill(rig, as)));
  },
};

const SIGTERM_FLEET = [
  { as: 'call-1', service: 'call-consumer' },
  { as: 'whatsapp-1', service: 'whatsapp-consumer' },
  { as: 'delivery-1', service: 'delivery-consumer' },
  { as: 'overflow-1', service: 'delivery-consumer', args: ['--lane', 'overflow'] },
  { as: 'retry-1', service: 'retry-consumer' },
] as const;

const sigterm: Scenario = {
  name: 'sigterm',
  about: 'every process is asked to end under load, one after the other, and started again: nothing doubles',
  covers: [6],
  servers: 'stack',
  seconds: 40,
  rate: 100,
  fleet: SIGTERM_FLEET,
  inject: async (rig, { loadEnded }) => {
    while (!loadEnded()) {
      for (const { as } of SIGTERM_FLEET) {
        if (loadEnded()) return;
        await pause(500);
        await rig.strike(`SIGTERM ${as}`, [], async () => {
          const code = await rig.fleet.stop(as);
          if (code !== 0) throw new Error(`${as} ended with ${code}`);
          await rig.fleet.start(as, { wait: true });
        });
      }
    }
  },
};

export const PROCESS_SCENARIOS: readonly Scenario[] = [noFault, kills, killOnce, sigterm];
