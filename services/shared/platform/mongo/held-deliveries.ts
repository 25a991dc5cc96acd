import type { Collection, Db, Document } from 'mongodb';
import { hasRoomFor, type HeldAmount, type HoldPolicy } from '../../core/hold.js';
import type { Job } from '../../core/job.js';
import { WriteBatcher, type Settled } from '../process/write-batcher.js';
import { toHeldDocument, toHeldJob, type HeldDocument } from './held-document.js';
import { onMongo } from './mongo-errors.js';
import type { RecoveryDocument } from './recovery-document.js';
import { TickBatch } from './tick-batch.js';
import { insertNew, refusalOf, settledBy, upsertAll, writeUnordered } from './unordered-write.js';
import { groupByWebhook, webhookKey, webhookOfKey } from './webhook-key.js';
import type { WebhookRef } from './webhooks.js';

/**
 * What is held for Failed webhooks: one document per attempt that is still owed, in the order of recovery.
 *
 * Holding is idempotent by the attempt, and acknowledged by a majority before it counts. Each batch tells the webhook's
 * recovery of its deliveries before it writes them, so that none is without one where the process ends in between, and
 * again after it, because a look in between finds nothing and ends the recovery; not before it where the batch of a moment
 * ago did, since a recovery ends only once all that is held is delivered. The bounds are judged by what was counted within the last second, or the last ten while less than
 * half of them is used: several processes that hold for one webhook may exceed them by what they hold in that time, and
 * no counter can drift.
 */
export interface HeldDeliveriesOptions {
  readonly db: Db;
  readonly policy: HoldPolicy;
}

export type HoldResult = 'held' | 'full';

/** A held delivery, and when it is dropped (epoch ms). */
export interface HeldDelivery {
  readonly job: Job;
  readonly expiresAt: number;
}

interface Item {
  readonly job: Job;
  readonly heldAt: number;
  /** It was let in before, by an attempt or as a held event. */
  readonly owed: boolean;
}

interface Removal extends WebhookRef {
  readonly attemptIds: readonly string[];
}

interface Counted {
  events: number;
  bytes: number;
  readonly countedAt: number;
  /** When its recovery was last told of what is held. */
  registeredAt: number;
}

const OLDEST_FIRST = { receivedAt: 1, position: 1, _id: 1 } as const;
/** So many recoveries go on at a time that pages of large bodies must not add up. */
const PAGE_BYTES = 4 * 1024 * 1024;
const COUNT_AGE_MS = 1_000;
const COUNT_AGE_WITH_ROOM_MS = 10_000;
const MAX_COUNTED = 10_000;
/** For so long a recovery is taken to be there still: none ends unless all that is held is delivered or discarded. */
const REGISTERED_MS = 1_000;
const NOTHING: HeldAmount = { events: 0, bytes: 0 };

export class HeldDeliveries {
  readonly #held: Collection<HeldDocument>;
  readonly #recoveries: Collection<RecoveryDocument>;
  readonly #policy: HoldPolicy;
  readonly #counts = new Map<string, Counted>();
  readonly #batcher: WriteBatcher<Item, HoldResult>;
  readonly #removals: WriteBatcher<Removal, void>;
  readonly #firsts: TickBatch<HeldDelivery>;

  constructor({ db, policy }: HeldDeliveriesOptions) {
    this.#held = db.collection<HeldDocument>('held_deliveries', { promoteBuffers: true });
    this.#recoveries = db.collection<RecoveryDocument>('recoveries');
    this.#policy = policy;
    this.#batcher = new WriteBatcher<Item, HoldResult>({
      write: (items) => this.#write(items),
      maxDelayMs: 200,
      maxItems: 500,
      maxBytes: 8 * 1024 * 1024,
      bytesOf: ({ job }) => job.body.byteLength + 500,
      maxUnderWay: 1,
    });
    this.#removals = new WriteBatcher<Removal, void>({
      write: (items) => this.#removeAll(items),
      maxDelayMs: 20,
      atOnceWhenIdle: true,
      maxItems: 100,
      maxBytes: Infinity,
      bytesOf: () => 0,
      maxUnderWay: 1,
    });
    this.#firsts = new TickBatch((keys) => this.#readFirsts(keys));
  }

  /** Resolves when it is durable. `owed`: it was let in before, so no bound of count or bytes applies. @throws DependencyError */
  hold(job: Job, owed: boolean, heldAt: number): Promise<HoldResult> {
    return this.#batcher.add({ job, heldAt, owed });
  }

  /**
   * The oldest of a webhook; those of all that are asked for in one turn of the event loop are read together.
   * @throws DependencyError
   */
  first(ref: WebhookRef): Promise<HeldDelivery | undefined> {
    return this.#firsts.get(webhookKey(ref));
  }

  /**
   * The oldest of a webhook: `limit` at most, and no more than have 4 MiB of bodies together, but one however large it is.
   * @throws DependencyError
   */
  async oldest({ companyId, webhookId }: WebhookRef, limit: number): Promise<HeldDelivery[]> {
    const count = await this.#pageOf({ companyId, webhookId }, limit);
    if (count === 0) return [];
    const found = await onMongo('reading held deliveries', () =>
      this.#held.find({ companyId, webhookId }).sort(OLDEST_FIRST).limit(count).toArray(),
    );
    return found.map(toHeldDelivery);
  }

  async #readFirsts(keys: readonly string[]): Promise<ReadonlyMap<string, HeldDelivery>> {
    const [first = [], ...others] = keys.map(webhookOfKey).map(firstOf);
    const unions = others.map((pipeline) => ({ $unionWith: { coll: this.#held.collectionName, pipeline } }));
    const found = await onMongo('reading held deliveries', () =>
      this.#held.aggregate<HeldDocument>([...first, ...unions]).toArray(),
    );
    return new Map(found.map((document) => [webhookKey(document), toHeldDelivery(document)]));
  }

  /** How many of the oldest make a page; the index alone answers. */
  async #pageOf(ref: WebhookRef, limit: number): Promise<number> {
    const sizes = await onMongo('sizing held deliveries', () =>
      this.#held
        .find({ companyId: ref.companyId, webhookId: ref.webhookId })
        .sort(OLDEST_FIRST)
        .limit(limit)
        .project<{ bytes: number }>({ _id: 0, bytes: 1 })
        .toArray(),
    );
    let [count, sum] = [0, 0];
    for (const { bytes } of sizes) {
      sum += bytes;
      if (count > 0 && sum > PAGE_BYTES) break;
      count += 1;
    }
    return count;
  }

  /** @param attemptIds those that are held no more. @throws DependencyError */
  async remove({ companyId, webhookId }: WebhookRef, attemptIds: readonly string[]): Promise<void> {
    if (attemptIds.length === 0) return;
    await this.#removals.add({ companyId, webhookId, attemptIds });
    const key = webhookKey({ companyId, webhookId });
    const counted = this.#counts.get(key);
    // With much room it doesn't matter that fewer are held than were counted.
    if (counted !== undefined && !this.#hasMuchRoom(counted)) this.#counts.delete(key);
  }

  /** Waits until everything that is being held, or held no more, was answered. */
  async close(): Promise<void> {
    await Promise.all([this.#batcher.close(), this.#removals.close()]);
  }

  async #removeAll(items: readonly Removal[]): Promise<readonly Settled<void>[]> {
    const operations = items.map(({ companyId, webhookId, attemptIds }) => ({
      deleteMany: { filter: { companyId, webhookId, _id: { $in: [...attemptIds] } } },
    }));
    const refused = await writeUnordered('removing held deliveries', () =>
      this.#held.bulkWrite(operations, { ordered: false }),
    );
    return settledBy('removing held deliveries', items, refused);
  }

  async #write(items: readonly Item[]): Promise<readonly Settled<HoldResult>[]> {
    const results = new Map<Item, HoldResult>();
    const groups = groupByWebhook(items, ({ job }) => job);
    const counts = await this.#countsOf([...groups.values()].map(([{ job }]) => job));
    for (const [key, group] of groups) await this.#judge(group, counts.get(key) as Counted, results);
    const wanted = items.filter((item) => results.get(item) === 'held');
    const countedOf = ({ job }: Item): Counted => counts.get(webhookKey(job)) as Counted;
    try {
      const knownSince = performance.now() - REGISTERED_MS;
      await this.#register(wanted.filter((item) => countedOf(item).registeredAt < knownSince));
      await this.#insert(wanted);
      const registeredAt = performance.now();
      await this.#register(wanted);
      for (const item of wanted) countedOf(item).registeredAt = registeredAt;
    } catch (error) {
      // Counted as held, which they may not be.
      for (const key of groups.keys()) this.#counts.delete(key);
      throw error;
    }
    return items.map((item) => ({ kind: 'done', result: results.get(item) ?? 'held' }));
  }

  /** Decides which of one webhook's items there is room for. */
  async #judge(items: readonly [Item, ...Item[]], counted: Counted, results: Map<Item, HoldResult>): Promise<void> {
    const refused: Item[] = [];
    for (const item of items) {
      const bytes = item.job.body.byteLength;
      if (item.owed || hasRoomFor(bytes, counted, this.#policy)) {
        results.set(item, 'held');
        counted.events += 1;
        counted.bytes += bytes;
      } else {
        refused.push(item);
      }
    }
    if (refused.length === 0) return;
    // A record that comes again may be held already: that one is not dropped.
    const ids = refused.map(({ job, heldAt }) => toHeldDocument(job, heldAt, 0)._id);
    const { companyId, webhookId } = items[0].job;
    const present = await onMongo('looking for held deliveries', () =>
      this.#held
        .find({ companyId, webhookId, _id: { $in: ids } })
        .project<{ _id: string }>({ _id: 1 })
        .toArray(),
    );
    const known = new Set(present.map(({ _id }) => _id));
    refused.forEach((item, index) => results.set(item, known.has(ids[index] ?? '') ? 'held' : 'full'));
  }

  /** By key; what is held from now on is added to them. */
  async #countsOf(refs: readonly WebhookRef[]): Promise<ReadonlyMap<string, Counted>> {
    const now = performance.now();
    const counts = new Map<string, Counted>();
    const stale: WebhookRef[] = [];
    for (const ref of refs) {
      const known = this.#counts.get(webhookKey(ref));
      if (known !== undefined && this.#isFresh(known, now)) counts.set(webhookKey(ref), known);
      else stale.push(ref);
    }
    if (stale.length === 0) return counts;
    const amounts = await this.#count(stale);
    if (this.#counts.size + stale.length > MAX_COUNTED) this.#counts.clear();
    for (const key of stale.map(webhookKey)) {
      const counted = { ...(amounts.get(key) ?? NOTHING), countedAt: now, registeredAt: -Infinity };
      counts.set(key, counted);
      this.#counts.set(key, counted);
    }
    return counts;
  }

  #isFresh(counted: Counted, now: number): boolean {
    return now - counted.countedAt < (this.#hasMuchRoom(counted) ? COUNT_AGE_WITH_ROOM_MS : COUNT_AGE_MS);
  }

  #hasMuchRoom({ events, bytes }: Counted): boolean {
    const { maxEvents, maxBytes } = this.#policy;
    return events * 2 < maxEvents && bytes * 2 < maxBytes;
  }

  /** What is held now, by key; the index alone answers. */
  async #count(refs: readonly WebhookRef[]): Promise<ReadonlyMap<string, HeldAmount>> {
    const companies = [...new Set(refs.map(({ companyId }) => companyId))];
    const webhooks = refs.map(({ webhookId }) => webhookId);
    const sums = await onMongo('counting held deliveries', () =>
      this.#held
        .aggregate<HeldAmount & { readonly _id: WebhookRef }>([
          { $match: { companyId: { $in: companies }, webhookId: { $in: webhooks } } },
          { $project: { _id: 0, bytes: 1, companyId: 1, webhookId: 1 } },
          {
            $group: {
              _id: { companyId: '$companyId', webhookId: '$webhookId' },
              events: { $sum: 1 },
              bytes: { $sum: '$bytes' },
            },
          },
        ])
        .toArray(),
    );
    return new Map(sums.map(({ _id, events, bytes }) => [webhookKey(_id), { events, bytes }]));
  }

  async #insert(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    const documents = items.map(({ job, heldAt }) => toHeldDocument(job, heldAt, this.#policy.maxAgeMs));
    const refused = await insertNew('holding deliveries', this.#held, documents);
    for (const code of refused.values()) throw refusalOf('holding deliveries', code);
  }

  /** Looked at at once: whoever does so puts the next look off as the circuit says. */
  async #register(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    const groups = groupByWebhook(items, ({ job }) => job);
    const operations = [...groups.values()].map(([{ job, heldAt }]) => {
      const { companyId, webhookId } = job;
      const fresh = { dueAt: new Date(heldAt), pokes: 0, holder: null, leaseUntil: null };
      const update = { $inc: { holds: 1 }, $setOnInsert: fresh };
      return { updateOne: { filter: { _id: webhookId, companyId }, update, upsert: true } };
    });
    await upsertAll('registering held deliveries', this.#recoveries, operations);
  }
}

function firstOf({ companyId, webhookId }: WebhookRef): Document[] {
  return [{ $match: { companyId, webhookId } }, { $sort: OLDEST_FIRST }, { $limit: 1 }];
}

function toHeldDelivery(document: HeldDocument): HeldDelivery {
  return { job: toHeldJob(document), expiresAt: document.expiresAt.getTime() };
}
