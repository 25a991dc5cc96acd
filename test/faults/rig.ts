import { startSystem, type System } from '../support/system.js';
import { pause } from '../support/waiting.js';
import { startCanaryListener, type CanaryListener } from './canary-listener.js';
import type { EstateBuilder, PlannedWebhook } from './estate.js';
import { expireRecords } from './expire-records.js';
import { Fleet } from './fleet.js';
import { GroupWatch, groupsOf, type Group, type GroupName } from './group-watch.js';
import type { Fault, Subscriber } from './history.js';
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
  readonly canary: CanaryListener;
  readonly faults: readonly Fault[];
  /** The servers, where the scenario has some of its own. */
  readonly cluster: ClusterControl | undefined;
  /** Strikes once. What `exposes` names may be handled twice: its records not committed are counted right after. */
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

export async function openRig({ env, estate, cluster }: RigOptions): Promise<Rig> {
  const system = await startSystem([], { ...QUICK_SESSIONS, ...NETWORKS, ...env });
  const canary = await startCanaryListener();
  const fleet = new Fleet(system);
  const subscribers: Subscriber[] = [];
  const webhookIds = new Map<string, string>();
  const { webhooks, close: closeEstate } = await estate(system.receiver, canary);
  for (const { companyId, path, events, script, authentication, url } of webhooks) {
    system.receiver.endpoint(path, script);
    const webhookId = await system.webhook(companyId, path, {
      events,
      ...(authentication === undefined ? {} : { authentication }),
      ...(url === undefined ? {} : { url }),
    });
    webhookIds.set(path, webhookId);
    subscribers.push({ webhookId, companyId, events });
  }
  const groups = groupsOf(system.config, mostWebhooks(webhooks));
  const watch = new GroupWatch(system.kafka, Object.values(groups));
  await watch.start();
  const faults: Fault[] = [];
  let forgottenEntries = 0;

  const exposedOf = async (names: readonly GroupName[]): Promise<number> => {
    const lags = await Promise.all(names.map((name) => watch.lagOf(groups[name])));
    return names.reduce((sum, name, index) => sum + (lags[index] ?? 0) * groups[name].jobsPerRecord, 0);
  };
  return {
    system,
    fleet,
    watch,
    groups,
    subscribers,
    webhookIds,
    canary,
    faults,
    cluster,
    strike: async (name, exposes, act) => {
      const at = Date.now();
      await act();
      const endedAt = Date.now();
      faults.push({ name, at, endedAt, exposed: await exposedOf(exposes) });
    },
    outage: async (name, exposes, ms, { take, give }) => {
      const before = await exposedOf(exposes);
      const at = Date.now();
      await take();
      await pause(ms);
      await give();
      faults.push({ name, at, endedAt: Date.now(), exposed: before + (await exposedOf(exposes)) });
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
    close: async () => {
      fleet.close();
      await watch.stop();
      await canary.close();
      await closeEstate?.();
      await system.close();
    },
  };
}

function mostWebhooks(webhooks: readonly PlannedWebhook[]): number {
  const counts = new Map<string, number>();
  for (const { companyId } of webhooks) counts.set(companyId, (counts.get(companyId) ?? 0) + 1);
  return Math.max(1, ...counts.values());
}
