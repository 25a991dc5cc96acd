import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb';
import { RESOLUTION_MS, bucketsOf, type Resolution, type RollUp } from '../../core/roll-up.js';
import type { StatsDocument } from './stats-document.js';
import { upsertAll } from './unordered-write.js';

/** The totals of one series; `number` names it within its process. */
export interface SeriesTotals extends RollUp {
  readonly number: number;
  readonly companyId: string;
  readonly resolution: Resolution;
}

const HOUR_MS = 3_600_000;
/** Longer than the longest window that is made of them, by as much as a process may be late with them. */
const KEPT_MS: Readonly<Record<Resolution, number>> = { minute: 3 * HOUR_MS, hour: 8 * 24 * HOUR_MS };

/**
 * Writes totals of attempts. Totals only grow, and each write states them whole with `$max`: one that is written again
 * after a time-out, or that arrives late behind a newer one, changes nothing.
 * `writer` names the process and must be new at each of its starts.
 */
export class StatsWriter {
  readonly #stats: Collection<StatsDocument>;
  readonly #writer: string;

  constructor({ db, writer }: { readonly db: Db; readonly writer: string }) {
    // What is lost with a failed-over primary is written again only if it grows: a majority has to have it.
    this.#stats = db.collection<StatsDocument>('webhook_stats');
    this.#writer = writer;
  }

  /** @throws DependencyError when MongoDB is away */
  async write(series: readonly SeriesTotals[]): Promise<void> {
    if (series.length === 0) return;
    const operations = series.map((totals) => this.#operationOf(totals));
    await upsertAll('writing roll-ups', this.#stats, operations);
  }

  #operationOf(totals: SeriesTotals): AnyBulkWriteOperation<StatsDocument> {
    const { number, companyId, webhookId, resolution, at, delivered, failed, latency, lastDeliveryAt } = totals;
    const buckets = Object.fromEntries(bucketsOf(latency).map(([bucket, count]) => [`latency.${bucket}`, count]));
    return {
      updateOne: {
        filter: { companyId, _id: `${this.#writer}:${number}` },
        update: {
          $setOnInsert: {
            webhookId,
            resolution,
            at: new Date(at),
            expiresAt: new Date(at + RESOLUTION_MS[resolution] + KEPT_MS[resolution]),
          },
          $max: {
            delivered,
            failed,
            ...buckets,
            ...(lastDeliveryAt === null ? {} : { lastDeliveryAt: new Date(lastDeliveryAt) }),
          },
        },
        upsert: true,
      },
    };
  }
}
