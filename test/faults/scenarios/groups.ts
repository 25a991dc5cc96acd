import { respond } from '../../../deploy/local/receiver/step.js';
import type { EventType } from '../../../services/shared/core/vocabulary.js';
import { pause } from '../../support/waiting.js';
import { findUntold, total, unreadOf, type Unread } from '../check/find-expired.js';
import { findStale } from '../check/find-stale.js';
import { findUsed } from '../check/find-used.js';
import { violations } from '../check/violation.js';
import { expireRecords } from '../expire-records.js';
import { usualEstate } from '../estate.js';
import { USUAL_FLEET } from '../fleet.js';
import type { GroupName } from '../history.js';
import { readTopic } from '../read-topic.js';
import type { Rig } from '../rig.js';
import type { Scenario } from '../scenario.js';

/** Scenarios in which groups change, members freeze, partitions are added, and events are produced more than once. */

/** Few enough for its own capacity: what piles up must be the faults' doing. */
const SLOW_EVENTS: readonly EventType[] = ['call.initiated', 'message.sent'];

const SLOW = {
  companyId: 'co_slow',
  path: '/slow',
  events: SLOW_EVENTS,
  script: [respond(200, { delayMs: 5_000 })],
};

const storm: Scenario = {
  name: 'rebalance-storm',
  about: 'delivery processes come and go every 5 s, while an endpoint takes 5 s per attempt',
  covers: [7],
  servers: 'stack',
  seconds: 180,
  rate: 40,
  settleMs: 90_000,
  // Who stays keeps its partitions, and commits tell of what has finished beyond them: 38 were doubled by each before.
  rules: { doublesPerFault: 5 },
  estate: () => ({ webhooks: [...usualEstate(), SLOW] }),
  inject: async (rig, { loadEnded, random }) => {
    const members = ['delivery-1', 'delivery-2'];
    const leaving: Promise<unknown>[] = [];
    for (let number = 3; !loadEnded(); number += 1) {
      const as = `delivery-${number}`;
      await rig.strike(`${as} joins`, ['delivery'], async () => {
        await rig.fleet.add([{ as, service: 'delivery-consumer' }]);
      });
      members.push(as);
      await pause(2_500);
      const [gone = as] = members.splice(random.whole(0, members.length - 1), 1);
      await rig.strike(`${gone} leaves`, ['delivery'], () => {
        leaving.push(rig.fleet.retire(gone));
        return pause(500);
      });
      await pause(2_000);
    }
    await Promise.all(leaving);
  },
};

const frozen: Scenario = {
  name: 'frozen',
  about: 'processes freeze for 40 s and wake up: the others take over, and the sleepers commit nothing',
  covers: [20],
  servers: 'stack',
  seconds: 60,
  rate: 60,
  // Somebody has to be there who can take over.
  fleet: [...USUAL_FLEET, { as: 'call-2', service: 'call-consumer' }, { as: 'retry-2', service: 'retry-consumer' }],
  inject: async (rig) => {
    const names = ['delivery-1', 'call-1', 'retry-1'];
    await pause(8_000);
    await rig.outage(`${names.join(', ')} freeze`, ['delivery', 'call', 'retry'], 40_000, {
      take: () => names.forEach((as) => rig.fleet.process(as).kill('SIGSTOP')),
      give: () => names.forEach((as) => rig.fleet.process(as).kill('SIGCONT')),
    });
  },
  examine: (history) => {
    const { posts, bound, violations: found } = findStale(history);
    const note = `${posts} attempts were made again by processes that had slept, of at most ${bound}`;
    return { violations: found, notes: [note] };
  },
};

const EVERY_GROUP: readonly GroupName[] = ['call', 'whatsapp', 'delivery', 'retry'];

const partitions: Scenario = {
  name: 'partitions-added',
  about: 'all topics get more partitions under load: nothing that is produced to the new ones is skipped',
  covers: [8],
  servers: 'stack',
  // Producers and consumers look for new partitions every 30 s, so half of the load meets them.
  seconds: 90,
  rate: 60,
  // A key goes to another partition from then on, so its conversation's order has a seam.
  rules: { ordered: false },
  inject: async (rig, { ms }) => {
    await pause(ms / 6);
    await rig.strike('three partitions more', EVERY_GROUP, () =>
      addPartitions(rig, 2 * rig.system.config.kafka.partitions),
    );
  },
  examine: (history, { groups, system }) => {
    const { partitions: before } = system.config.kafka;
    const { unused, notes } = findUsed(history, groups, EVERY_GROUP, before);
    return { violations: violations('I1', 'no record of a new partition was posted', unused), notes };
  },
};

async function addPartitions({ system, groups }: Rig, count: number): Promise<void> {
  const admin = system.kafka.admin();
  await admin.connect();
  const topicPartitions = EVERY_GROUP.map((name) => ({ topic: groups[name].topic, count }));
  await admin.createPartitions({ topicPartitions }).finally(() => admin.disconnect());
}

const duplicates: Scenario = {
  name: 'duplicate-input',
  about: 'a pipeline produces what it has produced again, twice: doubles carry the webhook-id of the first',
  covers: [19],
  servers: 'stack',
  seconds: 20,
  rate: 50,
  // What comes again comes after its successors.
  inject: async (rig, { ms }) => {
    await pause(ms / 2);
    const { callEvents, whatsappEvents } = rig.system.config.topics;
    for (const topic of [callEvents, whatsappEvents])
      await rig.strike(`${topic} again, twice`, [], async () => {
        // Under their own keys: a conversation stays in its partition.
        const messages = (await readTopic(rig.system.kafka, topic)).map(({ key, value }) => ({ key, value }));
        for (let time = 0; time < 2; time += 1) await rig.system.producer.send({ topic, acks: -1, messages });
      });
  },
};

const retention: Scenario = {
  name: 'retention',
  about: 'records expire before their consumer comes back: it goes on with what is left, and says that some are lost',
  covers: [17],
  servers: 'stack',
  seconds: 30,
  rate: 50,
  expired: (rig) => unread.get(rig) ?? new Map(),
  inject: async (rig, { ms }) => {
    const { system, fleet, groups, watch } = rig;
    await pause(ms / 3);
    await fleet.stop('call-1');
    await pause(5_000);
    await watch.caughtUp();
    await rig.strike('all call events expire', [], async () => {
      const left = await expireRecords(system.kafka, [groups.call.topic]);
      unread.set(rig, unreadOf(left, watch.samples, groups.call));
    });
    await fleet.start('call-1', { wait: true });
  },
  examine: (_, rig) => {
    const lines = rig.fleet.logLines;
    const told = lines.filter(({ event }) => event === 'records.expired').map(({ partition }) => Number(partition));
    const expired = unread.get(rig) ?? new Map<number, number>();
    return {
      violations: findUntold(expired, [...new Set(told)]),
      notes: [`${total(expired)} events expired unread; told for partitions ${told.join(', ')}`],
    };
  },
};

const unread = new WeakMap<Rig, Unread>();

export const GROUP_SCENARIOS: readonly Scenario[] = [storm, frozen, partitions, duplicates, retention];
