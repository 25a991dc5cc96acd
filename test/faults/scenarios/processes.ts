import { percentile } from '../../../deploy/local/demo/percentile.js';
import type { Random } from '../../../deploy/local/simulator/random.js';
import type { ServiceProcess } from '../../support/service-process.js';
import { pause } from '../../support/waiting.js';
import { retryWaits } from '../check/retry-waits.js';
import { violations } from '../check/violation.js';
import type { Rig } from '../rig.js';
import type { During, Scenario } from '../scenario.js';
import { GROUPS } from './targets.js';

/** Scenarios in which processes die, are asked to end, freeze, come and go. */

const NAMES = Object.keys(GROUPS);

const killOf = (as: string): string => `kill -9 ${as}`;

const kill = (rig: Rig, as: string): Promise<void> =>
  rig.strike(killOf(as), GROUPS[as] ?? [], () => rig.fleet.kill(as));

/**
 * While the load lasts, one after the other at moments that the seed decides, each once in a round whose order the seed
 * decides, too. Three in four wait until their victim works and has something to lose; the others hit it as it starts or
 * joins its group, too. (If all did, most would die before they had joined: a group that waits for the sessions of its
 * dead gets to nothing between two of them.)
 */
async function killInTurns(rig: Rig, { random, loadEnded }: During): Promise<void> {
  for (;;) {
    for (const victim of inRandomOrder(NAMES, random)) {
      await pause(random.whole(1_000, 3_500));
      const isTime = random.chance(1 / 4) ? isRunning : isReady;
      while (!(await isTime(rig.fleet.process(victim)))) {
        if (loadEnded()) return;
        await pause(50);
      }
      if (loadEnded()) return;
      await kill(rig, victim);
    }
  }
}

function inRandomOrder(names: readonly string[], random: Random): string[] {
  const drawn = names.map((name) => ({ name, at: random.fraction() }));
  return drawn.sort((one, other) => one.at - other.at).map(({ name }) => name);
}

function isRunning(process: ServiceProcess): boolean {
  return process.running;
}

/** One that ends before it could be asked isn't. */
function isReady(process: ServiceProcess): Promise<boolean> {
  return process.isReady().catch(() => false);
}

/** p99 of the pause before a retry, where nothing else is going on. */
const RETRIES_WITHIN_MS = 3_500;

const noFault: Scenario = {
  name: 'no-fault',
  about: 'nothing happens: not one double, every conversation in order',
  covers: [],
  servers: 'stack',
  seconds: 30,
  rate: 100,
  inject: () => Promise.resolve(),
  examine: ({ posts }) => {
    const waits = retryWaits(posts).map(({ ms }) => ms);
    const [p50, p99] = [percentile(waits, 0.5) ?? Infinity, percentile(waits, 0.99) ?? Infinity];
    return {
      violations: violations('I5', 'retries come too late', p99 > RETRIES_WITHIN_MS ? [`p99 ${p99} ms`] : []),
      notes: [`${waits.length} retries after p50 ${p50} ms, p99 ${p99} ms`],
    };
  },
};

/**
 * What is over is committed every 600 ms, or 200 where it is much; a second is enough for it on a busy machine. That is little of the
 * load, but of a backlog that a group catches up with a hundred deliveries and more. Beside it, five for the partitions
 * that go to others and come back.
 */
const KILLED = { committedWithinMs: 1_000, doublesPerFault: 5 } as const;

/** At least: 50 times each of the six in the whole run. */
const DIES_EVERY_MS = 17_000;

const kills: Scenario = {
  name: 'kills',
  about: 'kill -9 of every process at random moments',
  covers: [2, 3, 4],
  servers: 'stack',
  seconds: 860,
  rate: 60,
  rules: KILLED,
  inject: killInTurns,
  examine: ({ produced }, { faults }) => {
    const due = Math.floor(((produced.at(-1)?.at ?? 0) - (produced[0]?.at ?? 0)) / DIES_EVERY_MS);
    const deaths = NAMES.map((as) => ({ as, times: faults.filter(({ name }) => name === killOf(as)).length }));
    const spared = deaths.filter(({ times }) => times < due).map(({ as, times }) => `${as} ${times} times of ${due}`);
    return {
      violations: violations('I7', 'a process that was killed too seldom to prove anything', spared),
      notes: [`killed: ${deaths.map(({ as, times }) => `${as} ${times}`).join(', ')}`],
    };
  },
};

const killOnce: Scenario = {
  name: 'kill-default-session',
  about: 'kill -9 of every process at once, with the sessions of 30 s that production has',
  covers: [2, 3, 4],
  servers: 'stack',
  seconds: 20,
  rate: 100,
  env: { KAFKA_SESSION_TIMEOUT_MS: '30000', KAFKA_HEARTBEAT_INTERVAL_MS: '3000' },
  rules: KILLED,
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
          await rig.fleet.stop(as);
          await rig.fleet.start(as, { wait: true });
        });
      }
    }
  },
  examine: ({ stops }) => ({
    violations: violations('I7', 'nobody was asked to end', stops.length === 0 ? ['none'] : []),
    notes: [`${stops.length} processes ended within ${Math.max(0, ...stops.map(({ ms }) => ms))} ms`],
  }),
};

export const PROCESS_SCENARIOS: readonly Scenario[] = [noFault, kills, killOnce, sigterm];
