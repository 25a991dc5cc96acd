import { setTimeout as pause } from 'node:timers/promises';
import type { Collection, Db, Filter } from 'mongodb';
import { KeyRing, type KeyEncryptionKey, type WrappedDataKey } from '../crypto/key-ring.js';
import { SealError } from '../crypto/seal-error.js';
import { DATA_KEYS_TRUSTED_MS } from '../crypto/vault.js';
import { DATA_KEY_FIELDS, type DataKeyFields } from './company-data-keys.js';
import { KeyRenewals } from './key-renewal.js';
import { onMongo } from './mongo-errors.js';
import { reSealCompany, type UnreadableSecret } from './re-seal.js';

/**
 * Gives every company another data key and seals all of its secrets with it: for when a data key itself may have leaked.
 *
 * Company by company: (1) the new key becomes the current one and the old one the previous one, in one compare-and-set;
 * from then on both open. (2) What is sealed with the old key is sealed anew. (3) Processes seal with the old key as
 * long as they trust their memory, so when the last of them has looked again, what is left is sealed anew. (4) The old
 * key is dropped, unless something is sealed with it still. At no instant is there a value without its key, so no
 * delivery can fail of it. Every step states the result that is wanted and finds its work by looking: cut off anywhere
 * it is resumed by running again, and two runs at once do no harm.
 */
export interface RenewalOptions {
  readonly db: Db;
  readonly keys: readonly KeyEncryptionKey[];
  readonly onProgress?: (progress: RenewalProgress) => void;
  /** How long a replaced key may be used still; shorter only where nobody else seals. */
  readonly graceMs?: number;
}

/** Totals of this run. */
export interface RenewalProgress {
  readonly step: 'renewed' | 'sealed' | 'waiting' | 'dropped';
  /** Companies that got another data key. */
  readonly renewed: number;
  /** Webhooks, and digests of Idempotency-Keys, that were sealed anew. */
  readonly sealed: number;
  /** Companies whose previous data key is gone. */
  readonly dropped: number;
  /** While waiting: for how long yet, told once. */
  readonly waitMs: number;
}

export interface RenewalResult extends Omit<RenewalProgress, 'step' | 'waitMs'> {
  /** What can't be opened with any key; its Owner has to give it again. */
  readonly unreadable: readonly UnreadableSecret[];
  /** Companies that keep their previous data key, because something unreadable is sealed with it. */
  readonly kept: readonly string[];
  /** Companies whose data key can't be unwrapped with the configured keys, and why: they keep it. */
  readonly refused: readonly { readonly companyId: string; readonly reason: string }[];
}

/** The longest that the driver goes on with a transaction: what was sealed before it may be stored so much later. */
const LONGEST_WRITE_MS = 120_000;
/** Until nothing that was sealed with a replaced data key can be stored any more. */
export const RENEWAL_GRACE_MS = DATA_KEYS_TRUSTED_MS + LONGEST_WRITE_MS;

/** @throws ConfigError when the keys can't be used, DependencyError when MongoDB is away */
export function renewDataKeys(options: RenewalOptions): Promise<RenewalResult> {
  return new Renewal(options).run();
}

class Renewal {
  readonly #options: RenewalOptions;
  readonly #graceMs: number;
  readonly #ring: KeyRing;
  readonly #companies: Collection<DataKeyFields>;
  /** By company, as of the last look. */
  readonly #unreadable = new Map<string, readonly UnreadableSecret[]>();
  readonly #kept = new Set<string>();
  readonly #refused = new Map<string, string>();
  #done = { renewed: 0, sealed: 0, dropped: 0 };

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#graceMs = options.graceMs ?? RENEWAL_GRACE_MS;
    this.#ring = new KeyRing(options.keys);
    this.#companies = options.db.collection<DataKeyFields>('companies', { promoteBuffers: true });
  }

  async run(): Promise<RenewalResult> {
    const renewals = new KeyRenewals(this.#options.db);
    const startedAt = await renewals.join();
    const notRenewed = [{ dataKeyRenewedAt: { $exists: false } }, { dataKeyRenewedAt: { $lt: startedAt } }];
    await this.#each({ dataKey: { $exists: true }, $or: [...notRenewed, RETIRED] }, async (company) => {
      if (company.previousDataKey === undefined) await this.#renew(company);
      await this.#seal(company._id);
    });
    for (let [waitMs, looks] = [await this.#waitMs(), 0]; waitMs !== undefined; waitMs = await this.#waitMs()) {
      looks += 1;
      if (looks === 1) this.#tell('waiting', waitMs);
      await pause(waitMs);
      await this.#each(RETIRED, async (company) => {
        const isDropped = await this.#finish(company);
        // Its renewal was an earlier one, which couldn't end.
        if (isDropped && (company.dataKeyRenewedAt ?? startedAt) < startedAt) await this.#renew(company);
      });
    }
    await renewals.end(startedAt);
    const refused = [...this.#refused].map(([companyId, reason]) => ({ companyId, reason }));
    return { ...this.#done, unreadable: [...this.#unreadable.values()].flat(), kept: [...this.#kept], refused };
  }

  /** Nothing happens where another run was first: the next look tells. */
  async #renew({ _id, dataKey }: DataKeyFields): Promise<void> {
    if (dataKey === undefined) return;
    const renewed = this.#renewedOf(_id, dataKey);
    if (renewed === undefined) return;
    const filter = { _id, 'dataKey.id': dataKey.id, previousDataKey: { $exists: false } };
    const { modifiedCount } = await onMongo('renewing a data key', () =>
      this.#companies.updateOne(filter, [{ $set: { ...renewed, dataKeyRenewedAt: '$$NOW' } }]),
    );
    if (modifiedCount === 0) return;
    this.#done.renewed += 1;
    this.#tell('renewed');
  }

  #renewedOf(companyId: string, dataKey: WrappedDataKey) {
    try {
      const previous = this.#ring.rewrap(companyId, dataKey);
      return { previousDataKey: { $literal: previous }, dataKey: { $literal: this.#ring.newDataKey(companyId) } };
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.#refused.set(companyId, error.message);
      return undefined;
    }
  }

  /** How many values are sealed with the previous key still. */
  async #seal(companyId: string): Promise<number> {
    const { db, keys } = this.#options;
    const { webhooks, digests, left, unreadable } = await reSealCompany(db, keys, companyId);
    if (unreadable.length > 0) this.#unreadable.set(companyId, unreadable);
    else this.#unreadable.delete(companyId);
    this.#done.sealed += webhooks + digests;
    if (webhooks + digests > 0) this.#tell('sealed');
    return left;
  }

  /** What stragglers left is sealed anew; when nothing is left, the previous key goes. */
  async #finish({ _id, dataKey, previousDataKey }: DataKeyFields): Promise<boolean> {
    if (this.#kept.has(_id)) return false;
    if ((await this.#seal(_id)) > 0) {
      // What was overtaken is looked at again; what can't be opened keeps the key that it may need.
      if ((this.#unreadable.get(_id) ?? []).length > 0) this.#kept.add(_id);
      return false;
    }
    const filter = {
      _id,
      'dataKey.id': dataKey?.id ?? '',
      'previousDataKey.id': previousDataKey?.id ?? '',
      $expr: { $lte: ['$dataKeyRenewedAt', { $subtract: ['$$NOW', this.#graceMs] }] },
    };
    const { modifiedCount } = await onMongo('dropping a data key', () =>
      this.#companies.updateOne(filter, { $unset: { previousDataKey: '' } }),
    );
    if (modifiedCount === 0) return false;
    this.#done.dropped += 1;
    this.#tell('dropped');
    return true;
  }

  /** Until every previous key may go; undefined when none is left. By the clock of MongoDB. */
  async #waitMs(): Promise<number | undefined> {
    const [found] = await onMongo('looking for previous data keys', () =>
      this.#companies
        .aggregate<{ agedMs: number }>([
          { $match: { ...RETIRED, _id: { $nin: [...this.#kept] } } },
          { $group: { _id: null, renewedAt: { $max: '$dataKeyRenewedAt' } } },
          { $project: { agedMs: { $subtract: ['$$NOW', '$renewedAt'] } } },
        ])
        .toArray(),
    );
    return found && Math.max(0, this.#graceMs - Number(found.agedMs));
  }

  /** One company at a time, in the order of their ids: gentle to the caches that each write makes read again. */
  async #each(filter: Filter<DataKeyFields>, work: (company: DataKeyFields) => Promise<void>): Promise<void> {
    const batchOf = (after: string) =>
      onMongo('looking for companies', () =>
        this.#companies
          .find({ $and: [filter, { _id: { $gt: after } }] }, { projection: DATA_KEY_FIELDS })
          .sort({ _id: 1 })
          .limit(BATCH)
          .toArray(),
      );
    for (let batch = await batchOf(''); batch.length > 0; batch = await batchOf(batch.at(-1)?._id ?? ''))
      for (const company of batch) await work(company);
  }

  #tell(step: RenewalProgress['step'], waitMs = 0): void {
    this.#options.onProgress?.({ step, ...this.#done, waitMs });
  }
}

const RETIRED = { dataKey: { $exists: true }, previousDataKey: { $exists: true } } as const;
const BATCH = 200;
