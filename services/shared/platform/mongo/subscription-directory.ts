import type { Collection, Db } from 'mongodb';
import { EVENT_TYPES, type EventType, type Status } from '../../core/vocabulary.js';
import type { Subscription } from '../../core/webhook.js';
import type { Freshness } from './change-feed.js';
import { FreshCache, type FreshCacheCounters } from './fresh-cache.js';
import { readAfter } from './read-after.js';
import { mayChange } from './webhook-change.js';
import type { WebhookDocument } from './webhook-document.js';

export interface SubscriptionDirectoryOptions {
  readonly db: Db;
  readonly feed: Freshness;
  /** Most companies kept in memory, those without webhooks included. */
  readonly maxCompanies: number;
}

type SubscriptionFields = Pick<WebhookDocument, '_id' | 'companyId' | 'events' | 'status'>;

const NONE: readonly Subscription[] = Object.freeze([]);
const FIELDS = { _id: 1, companyId: 1, events: 1, status: 1 } as const;
const MATCHED = Object.keys(FIELDS);

/**
 * Which subscriptions a company has, for the fan-out: the look-up of the hot path, so it answers without a promise
 * when it can. It never reads a secret. Companies without webhooks are remembered too: they are the majority.
 */
export class SubscriptionDirectory {
  readonly #db: Db;
  readonly #feed: Freshness;
  readonly #webhooks: Collection<SubscriptionFields>;
  readonly #cache: FreshCache<readonly Subscription[]>;

  constructor({ db, feed, maxCompanies }: SubscriptionDirectoryOptions) {
    this.#db = db;
    this.#feed = feed;
    this.#webhooks = db.collection<SubscriptionFields>('webhooks');
    this.#cache = new FreshCache<readonly Subscription[]>({
      maxEntries: maxCompanies,
      feed,
      readMany: (companyIds) => this.#readMany(companyIds),
      absent: NONE,
      webhookIdsOf: (subscriptions) => subscriptions.map(({ webhookId }) => webhookId),
      keyOf: (companyId) => companyId,
      mayHold: () => true,
      concerns: (change) => mayChange(change, MATCHED),
    });
  }

  get counters(): FreshCacheCounters {
    return this.#cache.counters;
  }

  get size(): number {
    return this.#cache.size;
  }

  /**
   * The subscriptions of each company, an empty list for one that has none. At once when all are cached and fresh,
   * else after one find for all that are not.
   * @throws DependencyError (by rejecting) when MongoDB is away
   */
  lookup(
    companyIds: readonly string[],
  ): ReadonlyMap<string, readonly Subscription[]> | Promise<ReadonlyMap<string, readonly Subscription[]>> {
    const now = performance.now();
    const found = new Map<string, readonly Subscription[]>();
    const missing = new Set<string>();
    for (const companyId of companyIds) {
      if (found.has(companyId) || missing.has(companyId)) continue;
      const entry = this.#cache.get(companyId, now);
      if (entry === undefined) missing.add(companyId);
      else found.set(companyId, entry.value);
    }
    return missing.size === 0 ? found : this.#complete(found, [...missing]);
  }

  async #complete(
    found: Map<string, readonly Subscription[]>,
    missing: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Subscription[]>> {
    const read = await Promise.all(missing.map((companyId) => this.#cache.read(companyId)));
    read.forEach((subscriptions, index) => found.set(missing[index] as string, subscriptions));
    return found;
  }

  async #readMany(companyIds: readonly string[]): Promise<ReadonlyMap<string, readonly Subscription[]>> {
    const filter = { companyId: { $in: [...companyIds] } };
    const documents = await readAfter('reading subscriptions', this.#db, this.#feed.readAfter, (options) =>
      this.#webhooks.find(filter, { ...options, projection: FIELDS }).toArray(),
    );
    const found = new Map<string, Subscription[]>();
    for (const document of documents) {
      const siblings = found.get(document.companyId);
      if (siblings === undefined) found.set(document.companyId, [toSubscription(document, document.companyId)]);
      else siblings.push(toSubscription(document, siblings[0]?.companyId ?? document.companyId));
    }
    return found;
  }
}

/**
 * All subscriptions of a company share its id, and all there are their statuses: BSON makes a text of its own for each.
 * With a million of them, to look at ten fresh texts costs more than the rest of the join.
 */
function toSubscription({ _id, events, status }: SubscriptionFields, companyId: string): Subscription {
  return { webhookId: _id, companyId, events: sharedSet(events), status: SHARED_STATUS[status] };
}

const SHARED_STATUS: Readonly<Record<Status, Status>> = { active: 'active', failed: 'failed', inactive: 'inactive' };

/** One set per selection of events, shared by all webhooks that have it: most select the same few. */
const SETS = new Map<number, ReadonlySet<EventType>>();

function sharedSet(events: readonly EventType[]): ReadonlySet<EventType> {
  let selection = 0;
  EVENT_TYPES.forEach((type, index) => {
    if (events.includes(type)) selection |= 1 << index;
  });
  let shared = SETS.get(selection);
  if (shared === undefined) {
    shared = new Set(EVENT_TYPES.filter((_, index) => (selection & (1 << index)) !== 0));
    SETS.set(selection, shared);
  }
  return shared;
}
