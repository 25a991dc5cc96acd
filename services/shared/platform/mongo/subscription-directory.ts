import type { Collection, Db } from 'mongodb';
import { CompanySubscriptions, type Subscription } from '../../core/company-subscriptions.js';
import type { Freshness } from './change-feed.js';
import { FreshCache, type FreshCacheCounters } from './fresh-cache.js';
import { readAfter } from './read-after.js';
import { mayChange, type WebhookChange } from './webhook-change.js';
import type { WebhookDocument } from './webhook-document.js';

export interface SubscriptionDirectoryOptions {
  readonly db: Db;
  readonly feed: Freshness;
  /** Most companies kept in memory, those without webhooks included. */
  readonly maxCompanies: number;
}

type SubscriptionFields = Pick<WebhookDocument, '_id' | 'companyId' | 'events' | 'status'>;

const FIELDS = { _id: 1, companyId: 1, events: 1, status: 1 } as const;
const SELECTING = ['_id', 'companyId', 'events'];

/**
 * Which subscriptions a company has, for the fan-out: the look-up of the hot path, so it answers without a promise
 * when it can. It never reads a secret. Companies without webhooks are remembered too: they are the majority.
 */
export class SubscriptionDirectory {
  readonly #db: Db;
  readonly #feed: Freshness;
  readonly #webhooks: Collection<SubscriptionFields>;
  readonly #cache: FreshCache<CompanySubscriptions>;

  constructor({ db, feed, maxCompanies }: SubscriptionDirectoryOptions) {
    this.#db = db;
    this.#feed = feed;
    this.#webhooks = db.collection<SubscriptionFields>('webhooks');
    this.#cache = new FreshCache<CompanySubscriptions>({
      maxEntries: maxCompanies,
      feed,
      readMany: (companyIds) => this.#readMany(companyIds),
      absent: CompanySubscriptions.none,
      webhookIdsOf: ({ webhookIds }) => webhookIds,
      keyOf: (companyId) => companyId,
      mayHold: () => true,
      concerns: changesMatching,
    });
  }

  get counters(): FreshCacheCounters {
    return this.#cache.counters;
  }

  get size(): number {
    return this.#cache.size;
  }

  /**
   * The subscriptions of each company, empty for one that has none. At once when all are cached and fresh,
   * else after one find for all that are not.
   * @throws DependencyError (by rejecting) when MongoDB is away
   */
  lookup(
    companyIds: readonly string[],
  ): ReadonlyMap<string, CompanySubscriptions> | Promise<ReadonlyMap<string, CompanySubscriptions>> {
    const now = performance.now();
    const found = new Map<string, CompanySubscriptions>();
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
    found: Map<string, CompanySubscriptions>,
    missing: readonly string[],
  ): Promise<ReadonlyMap<string, CompanySubscriptions>> {
    const read = await Promise.all(missing.map((companyId) => this.#cache.read(companyId)));
    read.forEach((subscriptions, index) => found.set(missing[index] as string, subscriptions));
    return found;
  }

  async #readMany(companyIds: readonly string[]): Promise<ReadonlyMap<string, CompanySubscriptions>> {
    const filter = { companyId: { $in: [...companyIds] } };
    const documents = await readAfter('reading subscriptions', this.#db, this.#feed.readAfter, (options) =>
      this.#webhooks.find(filter, { ...options, projection: FIELDS }).toArray(),
    );
    const byCompany = new Map<string, Subscription[]>();
    for (const { _id: webhookId, companyId, events, status } of documents) {
      const siblings = byCompany.get(companyId);
      if (siblings === undefined) byCompany.set(companyId, [{ webhookId, events, status }]);
      else siblings.push({ webhookId, events, status });
    }
    return new Map([...byCompany].map(([companyId, all]) => [companyId, new CompanySubscriptions(companyId, all)]));
  }
}

/** Only an Active webhook becomes Failed, and a Failed one gets what an Active one does. */
function changesMatching(change: WebhookChange): boolean {
  return mayChange(change, SELECTING) || (mayChange(change, ['status']) && change.status !== 'failed');
}
