import type { Resolution } from '../../core/roll-up.js';

/** Totals of one webhook over one minute or hour, by one process, as `webhook_stats` keeps them. */
export interface StatsDocument {
  /** Names the process and its series: no two write the same document. */
  readonly _id: string;
  readonly companyId: string;
  readonly webhookId: string;
  readonly resolution: Resolution;
  /** Beginning of the minute or hour. */
  readonly at: Date;
  readonly delivered: number;
  readonly failed: number;
  /** Count per bucket of the latency histogram; those alone that counted something. */
  readonly latency?: Readonly<Record<string, number>>;
  readonly lastDeliveryAt?: Date;
  /** When the server deletes it. */
  readonly expiresAt: Date;
}
