import { MongoClient } from 'mongodb';
import { pause } from '../../support/waiting.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import type { Rig } from '../rig.js';
import type { Scenario } from '../scenario.js';
import { primaryIndex, stepDown } from '../servers/mongodb-members.js';
import { nodeOf, proxyOf } from './targets.js';

/**
 * Scenarios in which MongoDB or the registry is away, slow, or changes its primary. None of them may double anything:
 * nothing is read twice for a database that is away.
 */

const mongoAway: Scenario = {
  name: 'mongo-away',
  about: 'MongoDB is away for a minute, refusing: no crash, no second POST, caught up by itself',
  covers: [10],
  servers: 'proxied',
  seconds: 75,
  rate: 40,
  inject: async (rig) => {
    await pause(5_000);
    await rig.outage('MongoDB refuses', [], 60_000, awayParts(proxyOf(rig, 'MongoDB')));
  },
};

const mongoHangs: Scenario = {
  name: 'mongo-hangs',
  about: 'MongoDB holds its connections and answers nothing for 30 s, twice',
  covers: [10],
  servers: 'proxied',
  seconds: 80,
  rate: 40,
  inject: async (rig) => {
    const proxy = proxyOf(rig, 'MongoDB');
    for (let time = 0; time < 2; time += 1) {
      await pause(5_000);
      await rig.outage('MongoDB hangs', [], 30_000, { take: () => proxy.hang(), give: () => proxy.restore() });
    }
  },
};

const mongoSlow: Scenario = {
  name: 'mongo-slow',
  about: 'MongoDB answers everything 2 s late for 40 s: heartbeats go on, work waits, memory stays bounded',
  covers: [12],
  servers: 'proxied',
  seconds: 55,
  rate: 60,
  inject: async (rig) => {
    const proxy = proxyOf(rig, 'MongoDB');
    await pause(5_000);
    await rig.outage('MongoDB is 2 s late', [], 40_000, {
      take: () => proxy.delayAnswers(2_000),
      give: () => proxy.restore(),
    });
  },
};

/** The processes that decode records, and so may need the registry. */
const READERS = ['call-1', 'whatsapp-1', 'delivery-1', 'delivery-2', 'overflow-1', 'retry-1'] as const;

const registryAway: Scenario = {
  name: 'registry-away',
  about: 'the registry is away: warm, at a cold start of every process, and hanging',
  covers: [16],
  servers: 'proxied',
  seconds: 60,
  rate: 60,
  inject: async (rig) => {
    const proxy = proxyOf(rig, 'registry');
    await pause(3_000);
    await rig.outage('registry refuses, warm', [], 10_000, awayParts(proxy));
    for (const [name, take] of [
      ['registry refuses, cold', () => proxy.cut()],
      ['registry hangs, cold', () => Promise.resolve(proxy.hang())],
    ] as const) {
      await take();
      // Two delivery processes hand partitions over: what was under way then may be posted twice.
      await rig.strike(name, ['call', 'whatsapp', 'delivery', 'retry'], () => restartAll(rig));
      await pause(8_000);
      await proxy.restore();
    }
  },
};

async function restartAll({ fleet }: Rig): Promise<void> {
  await Promise.all(READERS.map((as) => fleet.stop(as)));
  await Promise.all(READERS.map((as) => fleet.start(as, { wait: false })));
}

function awayParts(proxy: TcpProxy): { take: () => unknown; give: () => unknown } {
  return { take: () => proxy.cut(), give: () => proxy.restore() };
}

const stepdowns: Scenario = {
  name: 'mongo-stepdowns',
  about: 'the primary of a replica set steps down every 10 s, then is killed',
  covers: [11],
  servers: 'replica-set',
  seconds: 125,
  rate: 60,
  inject: async (rig, { loadEnded }) => {
    const client = new MongoClient(rig.system.config.mongodb.uri);
    try {
      for (let time = 0; time < 10 && !loadEnded(); time += 1) {
        await pause(5_000);
        await rig.outage('primary steps down', [], 5_000, { take: () => stepDown(client, 10), give: () => undefined });
      }
      const primary = nodeOf(rig, await primaryIndex(client));
      await rig.outage(`kill -9 of the primary`, [], 10_000, {
        take: () => primary.kill(),
        give: () => primary.start(),
      });
    } finally {
      await client.close();
    }
  },
};

export const DEPENDENCY_SCENARIOS: readonly Scenario[] = [mongoAway, mongoHangs, mongoSlow, stepdowns, registryAway];
