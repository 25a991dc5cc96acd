import { pause } from '../../support/waiting.js';
import { findTaken, type Unacknowledged } from '../check/find-taken.js';
import { violations, type Violation } from '../check/violation.js';
import type { GroupName, History } from '../history.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import type { Rig } from '../rig.js';
import type { During, Scenario } from '../scenario.js';
import type { ClusterNode } from '../servers/cluster-control.js';
import { findUnproven, prepareProof, type ProducerProofs } from './producer-proof.js';
import { nodeOf, proxyOf } from './targets.js';

/** Scenarios with three brokers that restart, die, freeze, or whose answers are lost on the way. */

/** A broker that leaves takes answers and the groups that it coordinates along. */
const ALL: readonly GroupName[] = ['call', 'whatsapp', 'delivery', 'overflow', 'retry', 'retryLong'];

const restarts: Scenario = {
  name: 'brokers-restart',
  about: 'each of three brokers is restarted in turn, in order',
  covers: [1],
  servers: 'brokers',
  seconds: 75,
  rate: 250,
  inject: async (rig) => {
    for (const index of [0, 1, 2]) {
      const node = nodeOf(rig, index);
      await pause(4_000);
      await rig.outage(`restart of ${node.name}`, ALL, 4_000, { take: () => node.end(), give: () => node.start() });
      await pause(8_000);
    }
  },
};

const coordinator: Scenario = {
  name: 'coordinator-killed',
  about: 'kill -9 of the broker that coordinates the delivery group, then of the one that takes over',
  covers: [13],
  servers: 'brokers',
  seconds: 75,
  rate: 60,
  inject: async (rig) => {
    for (let time = 0; time < 2; time += 1) {
      await pause(5_000);
      const node = nodeOf(rig, (await coordinatorOf(rig)) - 1);
      await rig.outage(`kill -9 of ${node.name}, the coordinator`, ALL, 15_000, {
        take: () => node.kill(),
        give: () => node.start(),
      });
      await pause(8_000);
    }
  },
};

/** The broker's id: the group's coordinator leads the partition of the offsets topic that the group's name hashes to. */
async function coordinatorOf({ system, groups }: Rig): Promise<number> {
  const admin = system.kafka.admin();
  await admin.connect();
  try {
    const [topic] = (await admin.fetchTopicMetadata({ topics: ['__consumer_offsets'] })).topics;
    const partitions = topic?.partitions ?? [];
    const index = (hashOf(groups.delivery.id) & 0x7fffffff) % Math.max(1, partitions.length);
    return partitions.find(({ partitionId }) => partitionId === index)?.leader ?? 1;
  } finally {
    await admin.disconnect();
  }
}

/** Java's hash of a string, by which Kafka chooses a group's coordinator. */
function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (Math.imul(31, hash) + character.charCodeAt(0)) | 0;
  return hash;
}

const lostAnswers: Scenario = {
  name: 'lost-answers',
  about: 'answers of brokers are lost on their way, or late, or a broker hangs, again and again: nothing is lost',
  covers: [9],
  servers: 'brokers',
  seconds: 70,
  rate: 80,
  inject: async (rig, during) => {
    const proof = await prepareProof(rig);
    await Promise.all([proof.send(during.loadEnded), hurtNetwork(rig, during)]);
    proofs.set(rig, await proof.tell());
  },
  examine: (_, rig) => {
    const proof = proofs.get(rig);
    return {
      violations: findUnproven(proof),
      notes: [
        `20 sends at a time: ours lost ${proof?.ours.lost} of ${proof?.ours.sent}, ` +
          `kafkajs's idempotent producer ${proof?.idempotent.lost} of ${proof?.idempotent.sent}` +
          (proof?.idempotent.lost === 0 ? ': this time nothing tells why ours is not idempotent' : ''),
      ],
    };
  },
};

const proofs = new WeakMap<Rig, ProducerProofs>();

async function hurtNetwork(rig: Rig, { random, loadEnded }: During): Promise<void> {
  while (!loadEnded()) {
    await pause(random.whole(500, 2_000));
    const name = `broker ${random.whole(1, 3)}`;
    const proxy = proxyOf(rig, name);
    const { what, ms, take } = random.pick(NETWORK_FAULTS);
    const parts = { take: () => take(proxy), give: () => proxy.restore() };
    await rig.outage(`${name}: ${what}`, ALL, random.whole(...ms), parts);
  }
}

interface NetworkFault {
  readonly what: string;
  readonly ms: readonly [least: number, most: number];
  readonly take: (proxy: TcpProxy) => void;
}

const LOST: NetworkFault = { what: 'answers are lost', ms: [50, 600], take: (proxy) => proxy.loseAnswers() };
const LATE: NetworkFault = { what: 'answers are late', ms: [2_000, 4_000], take: (proxy) => proxy.delayAnswers(500) };
const HANGS: NetworkFault = { what: 'hangs', ms: [4_000, 8_000], take: (proxy) => proxy.hang() };
/** Answers that are lost are what a producer that numbers its records goes wrong at: most are these. */
const NETWORK_FAULTS = [LOST, LOST, LOST, LOST, LATE, HANGS];

const tooFew: Scenario = {
  name: 'min-insync-lost',
  about: 'two of three brokers freeze for 20 s: nothing is acknowledged, nothing is committed, it recovers',
  covers: [15],
  servers: 'brokers',
  seconds: 50,
  rate: 60,
  inject: async (rig) => {
    const frozen = [nodeOf(rig, 1), nodeOf(rig, 2)];
    await pause(8_000);
    await rig.outage('two of three brokers freeze', ALL, 20_000, {
      take: () => {
        frozen.forEach((node) => node.freeze());
        unacknowledged.set(rig, { from: Date.now(), to: Infinity });
      },
      give: () => {
        isOver(rig);
        frozen.forEach((node) => node.thaw());
      },
    });
  },
  examine: (history, rig) => ({ violations: taken(history, rig), notes: [] }),
};

/** When nothing could be acknowledged, by run. */
const unacknowledged = new WeakMap<Rig, Unacknowledged>();

function isOver(rig: Rig): void {
  const begun = unacknowledged.get(rig);
  if (begun !== undefined) unacknowledged.set(rig, { ...begun, to: Date.now() });
}

function taken(history: History, rig: Rig): Violation[] {
  const time = unacknowledged.get(rig);
  if (time === undefined) throw new Error('there was no time in which nothing could be acknowledged');
  return findTaken(history, time);
}

const diskFull: Scenario = {
  name: 'disk-full',
  about:
    'the disks of two of three brokers are full: nothing is acknowledged, nothing is committed, it goes on with room',
  covers: [14],
  servers: 'brokers',
  seconds: 60,
  rate: 60,
  inject: async (rig) => {
    const nodes = [nodeOf(rig, 0), nodeOf(rig, 1)];
    await pause(10_000);
    await rig.outage(`no room on ${nodes.map(({ name }) => name).join(', ')}`, ALL, 5_000, {
      take: async () => {
        await Promise.all(nodes.map((node) => node.limitFiles(FULL_AT_BYTES)));
        const ended = await Promise.all(nodes.map(endsItself));
        if (ended.every((itself) => itself)) unacknowledged.set(rig, { from: Date.now(), to: Infinity });
        livesOn.set(
          rig,
          nodes.filter((_, index) => ended[index] !== true).map(({ name }) => name),
        );
      },
      give: async () => {
        isOver(rig);
        // One that has not ended by itself would serve what it can.
        await Promise.all(nodes.map((node) => node.kill()));
        await Promise.all(nodes.map((node) => node.start()));
      },
    });
  },
  examine: (history, rig) => {
    const living = violations('I7', 'a broker that goes on without room', livesOn.get(rig) ?? ['any']);
    const silent = violations('I7', 'nobody tells that Kafka takes nothing', tellsOfKafka(rig) ? [] : ['nobody']);
    return { violations: [...(living.length > 0 ? living : taken(history, rig)), ...silent], notes: [] };
  },
};

/** In its log, where somebody is woken by it. */
function tellsOfKafka({ fleet }: Rig): boolean {
  const lines = fleet.logLines;
  return lines.some(({ event, dependency }) => event === 'dependency.away' && dependency === 'kafka');
}

/** Less than any log has by then. */
const FULL_AT_BYTES = 16_384;
const ENDS_WITHIN_MS = 20_000;

/** Brokers that did not end for want of room, by run. */
const livesOn = new WeakMap<Rig, readonly string[]>();

function endsItself(node: ClusterNode): Promise<boolean> {
  return Promise.race([node.ended().then(() => true), pause(ENDS_WITHIN_MS).then(() => false)]);
}

export const BROKER_SCENARIOS: readonly Scenario[] = [restarts, coordinator, lostAnswers, tooFew, diskFull];
