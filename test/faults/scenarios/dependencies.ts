import { MongoClient } from 'mongodb';
import { pause } from '../../support/waiting.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import { violations } from '../check/violation.js';
import type { GroupName, History } from '../history.js';
import type { Rig } from '../rig.js';
import type { Examination, Scenario } from '../scenario.js';
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
    await staying(rig, () => rig.outage('MongoDB refuses', [], 60_000, awayParts(proxyOf(rig, 'MongoDB'))));
  },
  examine: findEvicted,
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
      const parts = { take: () => proxy.hang(), give: () => proxy.restore() };
      await staying(rig, () => rig.outage('MongoDB hangs', [], 30_000, parts));
    }
  },
  examine: findEvicted,
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
    const parts = { take: () => proxy.delayAnswers(2_000), give: () => proxy.restore() };
    await staying(rig, () => rig.outage('MongoDB is 2 s late', [], 40_000, parts));
  },
  examine: findEvicted,
};

/** How often any group was handed out anew during what nobody should be put out of its group for, by run. */
const handedOut = new WeakMap<Rig, number>();

async function staying(rig: Rig, outage: () => Promise<void>): Promise<void> {
  const before = await joinsOf(rig);
  await outage();
  handedOut.set(rig, (handedOut.get(rig) ?? 0) + (await joinsOf(rig)) - before);
}

async function joinsOf({ fleet }: Rig): Promise<number> {
  const told = await Promise.all(fleet.names.map((as) => fleet.process(as).metric('webhook_rebalances_total ')));
  return told.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Heartbeats go on, whatever is waited for. */
function findEvicted(_: History, rig: Rig): Examination {
  const times = handedOut.get(rig);
  const evicted = times === 0 ? [] : [`${times} times`];
  return { violations: violations('I7', 'a group that was handed out anew', evicted), notes: [] };
}

/** The processes that decode records, and so may need the registry. */
const READERS = ['call-1', 'whatsapp-1', 'delivery-1', 'delivery-2', 'overflow-1', 'retry-1'] as const;

const EXPOSED: readonly GroupName[] = ['call', 'whatsapp', 'delivery', 'retry'];
const READY_WITHIN_MS = 30_000;

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
    await rig.outage(WARM, [], 10_000, awayParts(proxy));
    for (const [name, take] of [
      ['registry refuses, cold', () => proxy.cut()],
      ['registry hangs, cold', () => Promise.resolve(proxy.hang())],
    ] as const) {
      // Two delivery processes hand partitions over, as they end and as they begin: what was under way may be posted twice.
      await rig.strike('all are asked to end', EXPOSED, () => Promise.all(READERS.map((as) => rig.fleet.stop(as))));
      await rig.outage(name, EXPOSED, 8_000, {
        take: async () => {
          await take();
          await Promise.all(READERS.map((as) => rig.fleet.start(as, { wait: false })));
        },
        give: () => proxy.restore(),
      });
      await rig.fleet.ready(READY_WITHIN_MS);
    }
  },
  examine: ({ faults, produced, posts }) => {
    const { at, endedAt } = faults.find(({ name }) => name === WARM) ?? { at: 0, endedAt: 0 };
    const arrived = new Set(posts.filter(({ arrivedAt }) => arrivedAt < endedAt).map(({ eventId }) => eventId));
    const meanwhile = produced.filter((event) => event.at > at && event.at < endedAt - ARRIVES_WITHIN_MS);
    const late = meanwhile.filter(({ eventId }) => !arrived.has(eventId)).map(({ eventId }) => eventId);
    return {
      violations: [
        ...violations('I7', 'nothing was produced meanwhile', meanwhile.length === 0 ? ['nothing'] : []),
        ...violations('I7', 'an event that waits for a registry that nobody needs', late),
      ],
      notes: [],
    };
  },
};

const WARM = 'registry refuses, warm';
/** Where nothing is in the way. */
const ARRIVES_WITHIN_MS = 5_000;

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
