import type { Collection, Db, Filter } from 'mongodb';
import { histogramOf, type FiguresSpan, type RollUp } from '../../core/roll-up.js';
import { onMongo } from './mongo-errors.js';
import type { StatsDocument } from './stats-document.js';

export interface RollUpRange extends Pick<FiguresSpan, 'resolution' | 'from'> {
  /** Epoch ms, not included. */
  readonly before?: number;
}

/** Reads the totals of webhooks that all processes wrote. Every filter names the company. */
export class StatsReader {
  readonly #stats: Collection<StatsDocument>;

  constructor(db: Db) {
    this.#stats = db.collection<StatsDocument>('webhook_stats');
  }

  /**
   * The roll-ups of these webhooks from a point on, or up to another one, in no order; several for one point where
   * several processes wrote.
   */
  async rollUps(companyId: string, webhookIds: readonly string[], range: RollUpRange): Promise<RollUp[]> {
    const { resolution, from, before } = range;
    const filter: Filter<StatsDocument> = {
      companyId,
      webhookId: { $in: [...webhookIds] },
      resolution,
      at: { $gte: new Date(from), ...(before === undefined ? {} : { $lt: new Date(before) }) },
    };
    const found = await onMongo('reading roll-ups', () =>
      this.#stats.find(filter, { projection: FIELDS, batchSize: 10_000 }).toArray(),
    );
    return found.map(toRollUp);
  }

  /** The last delivery among the hours that are kept (8 days), epoch ms; null when there is none. */
  async lastDeliveryAt(companyId: string, webhookId: string): Promise<number | null> {
    const last = await onMongo('reading the last delivery', () =>
      this.#stats.findOne(
        { companyId, webhookId, resolution: 'hour', lastDeliveryAt: { $exists: true } },
        { sort: { at: -1 }, projection: { lastDeliveryAt: 1 } },
      ),
    );
    return last?.lastDeliveryAt?.getTime() ?? null;
  }
}

const FIELDS = { _id: 0, webhookId: 1, at: 1, delivered: 1, failed: 1, latency: 1, lastDeliveryAt: 1 } as const;

function toRollUp({ webhookId, at, delivered, failed, latency, lastDeliveryAt }: StatsDocument): RollUp {
  return {
    webhookId,
    at: at.getTime(),
    delivered,
    failed,
    latency: histogramOf(Object.entries(latency ?? {}).map(([bucket, count]) => [Number(bucket), count] as const)),
    lastDeliveryAt: lastDeliveryAt?.getTime() ?? null,
  };
}
