import { startSystem, type System } from '../support/system.js';
import { pause } from '../support/waiting.js';
import { startCanaryListener, type CanaryListener } from './canary-listener.js';
import { closeAll, type Closer } from './close-all.js';
import type { EstateBuilder, PlannedWebhook } from './estate.js';
import { expireRecords } from './expire-records.js';
import { Fleet } from './fleet.js';
import { GroupWatch, groupsOf, type Group } from './group-watch.js';
import type { Fault, GroupName, Subscriber } from './history.js';
import type { ClusterControl } from './servers/cluster-control.js';

/**
 * A system under test with everything that watches it and everything that can hurt it. Each run has topics, groups and a
 * database of its own; what it started it ends.
 */
export interface Rig {
  readonly system: System;
  readonly fleet: Fleet;
  readonly watch: GroupWatch;
  readonly groups: Readonly<Record<GroupName, Group>>;
  readonly subscribers: readonly Subscriber[];
  /** Webhook ids by the path of their endpoint. */
  readonly webhookIds: ReadonlyMap<string, string>;
  /** Webhooks whose endpoints use up attempts by plan. */
  readonly givingUp: ReadonlySet<string>;
  readonly canary: CanaryListener;
  readonly faults: readonly Fault[];
  /** The servers, where the scenario has some of its own. */
  readonly cluster: ClusterControl | undefined;
  /** Strikes once. What `exposes` names may be handled twice: all that it has not committed is counted right after. */
  strike(name: string, exposes: readonly GroupName[], act: () => Promise<unknown>): Promise<void>;
  /** Takes something away for `ms` and gives it back; exposed is what was not committed at either moment. */
  outage(name: string, exposes: readonly GroupName[], ms: number, parts: Outage): Promise<void>;
  /** How many entries of the failure log, in the order of their writing, are of what was forgotten. */
  readonly forgottenEntries: number;
  /**
   * The witnesses forget what has come to an end, so that a run may be longer than what fits into memory: the records
   * of all topics are deleted, requests, logs, faults and commits dropped. The failure log stays.
   */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export interface Outage {
  readonly take: () => unknown;
  readonly give: () => unknown;
}

export interface RigOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly estate: EstateBuilder;
  readonly cluster: ClusterControl | undefined;
}

/** A killed member is missed when its session ends; 30 s, the default, has a scenario of its own. */
const QUICK_SESSIONS = { KAFKA_SESSION_TIMEOUT_MS: '6000', KAFKA_HEARTBEAT_INTERVAL_MS: '1000' };
/** Only what the receivers listen on: the canary's address is not among them. */
const NETWORKS = { DELIVERY_ALLOWED_NETWORKS: '127.0.0.1/32' };

/** How long Kafka may need to tell of commits after its brokers came back. */
const TOLD_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 250;

/** Whatever was opened is closed again where the rest can't be. */
export async function openRig(options: RigOptions): Promise<Rig> {
  const closers: Closer[] = [];
  try {
    return await openParts(options, closers);
  } catch (error) {
    await closeAll(closers).catch(() => undefined);
    throw error;
  }
}

async function openParts({ env, estate, cluster }: RigOptions, closers: Closer[]): Promise<Rig> {
  const system = await startSystem([], { ...QUICK_SESSIONS, ...NETWORKS, ...env });
  closers.push(() => system.close());
  const canary = await startCanaryListener();
  closers.push(() => canary.close());
  const subscribers: Subscriber[] = [];
  const webhookIds = new Map<string, string>();
  const givingUp = new Set<string>();
  const { webhooks, close: closeEstate } = await estate(system.receiver, canary);
  closers.push(() => closeEstate?.());
  for (const { companyId, path, events, script, authentication, url, givesUp } of webhooks) {
    system.receiver.endpoint(path, script);
    const webhookId = await system.webhook(companyId, path, {
      events,
      ...(authentication === undefined ? {} : { authentication }),
      ...(url === undefined ? {} : { url }),
    });
    webhookIds.set(path, webhookId);
    subscribers.push({ webhookId, companyId, events });
    if (givesUp === true) givingUp.add(webhookId);
  }
  const groups = groupsOf(system.config, mostWebhooks(webhooks));
  const watch = new GroupWatch(system.kafka, Object.values(groups));
  closers.push(() => watch.stop());
  await watch.start();
  const fleet = new Fleet(system);
  closers.push(() => fleet.close());
  const faults: Fault[] = [];
  let forgottenEntries = 0;

  /** Where Kafka doesn't tell, nothing is taken to be exposed: the bound is the tighter for it. */
  const exposedOf = async (names: readonly GroupName[]): Promise<number> => {
    const lags = await Promise.all(names.map((name) => toldLag(watch, groups[name])));
    return names.reduce((sum, name, index) => sum + (lags[index] ?? 0) * groups[name].jobsPerRecord, 0);
  };
  return {
    system,
    fleet,
    watch,
    groups,
    subscribers,
    webhookIds,
    givingUp,
    canary,
    faults,
    cluster,
    strike: async (name, exposes, act) => {
      const at = Date.now();
      await act();
      const endedAt = Date.now();
      faults.push({ name, at, endedAt, exposed: await exposedOf(exposes), doubles: workOf(exposes) });
    },
    outage: async (name, exposes, ms, { take, give }) => {
      const before = await exposedOf(exposes);
      const at = Date.now();
      try {
        await take();
        await pause(ms);
      } finally {
        // What was taken in part is given back, too: the witnesses are asked all the same.
        await give();
      }
      const exposed = before + (await exposedOf(exposes));
      faults.push({ name, at, endedAt: Date.now(), exposed, doubles: workOf(exposes) });
    },
    get forgottenEntries() {
      return forgottenEntries;
    },
    forget: async () => {
      await expireRecords(system.kafka, Object.values(system.config.topics));
      system.receiver.log.release(Infinity);
      fleet.forgetLogs();
      faults.length = 0;
      watch.forget();
      forgottenEntries = await system.mongo.db.collection('failure_log').countDocuments();
    },
    close: () => closeAll(closers),
  };
}

const DELIVERING: ReadonlySet<GroupName> = new Set(['delivery', 'overflow']);

function workOf(groups: readonly GroupName[]): Fault['doubles'] {
  const delivering = groups.filter((name) => DELIVERING.has(name)).length;
  return [
    ...(delivering > 0 ? (['deliveries'] as const) : []),
    ...(delivering < groups.length ? (['jobs'] as const) : []),
  ];
}

async function toldLag(watch: GroupWatch, group: Group): Promise<number | undefined> {
  const until = performance.now() + TOLD_WITHIN_MS;
  for (;;) {
    const lag = await watch.lagOf(group);
    if (lag !== undefined || performance.now() > until) return lag;
    await pause(ASK_EVERY_MS);
  }
}

function mostWebhooks(webhooks: readonly PlannedWebhook[]): number {
  const counts = new Map<string, number>();
  for (const { companyId } of webhooks) counts.set(companyId, (counts.get(companyId) ?? 0) + 1);
  return Math.max(1, ...counts.values());
}
