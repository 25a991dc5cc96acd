import type { AttemptReport } from '../handler.js';
import { AttemptTotals, type AttemptSeries, type CountedAttempt } from './attempt-totals.js';

/**
 * Counts every attempt that is reported, and writes the totals in bulk: "never one write per delivery".
 *
 * No delivery ever waits for it. One write is under way at a time; one that fails is tried again with the next round,
 * because the totals stay until they are written. MongoDB being away costs memory, up to the bound, and no delivery.
 */
export interface RollUpPorts {
  /** Writes totals; may be called again with the same. */
  readonly write: (series: readonly AttemptSeries[]) => Promise<void>;
  readonly now: () => number;
  readonly log: { readonly warn: (event: string, fields: Readonly<Record<string, unknown>>) => void };
}

export interface RollUpBounds {
  readonly maxSeries: number;
  readonly everyMs: number;
}

/** Of one bulk write. */
const CHUNK = 1_000;

export class RollUps {
  readonly #totals: AttemptTotals;
  readonly #ports: RollUpPorts;
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> | undefined;

  constructor({ maxSeries, everyMs }: RollUpBounds, ports: RollUpPorts) {
    this.#totals = new AttemptTotals({ maxSeries });
    this.#ports = ports;
    this.#timer = setInterval(() => void this.flush(), everyMs);
    this.#timer.unref();
  }

  count(report: AttemptReport): void {
    const attempt = countedAttempt(report);
    if (attempt !== undefined) this.#totals.count(attempt);
  }

  /** Writes what there is; joins the write that is under way, if there is one. Never rejects. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Writes the last totals once; what can't be written then is lost, and said to be. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.flush();
  }

  async #write(): Promise<void> {
    const { write, now, log } = this.#ports;
    const series = this.#totals.unwritten();
    try {
      for (let from = 0; from < series.length; from += CHUNK) {
        const chunk = series.slice(from, from + CHUNK);
        await write(chunk);
        this.#totals.markWritten(chunk);
      }
    } catch (err) {
      log.warn('roll-ups.not-written', { series: series.length, err });
    }
    this.#totals.forgetBefore(now());
    const lost = this.#totals.takeLost();
    if (lost > 0) log.warn('roll-ups.lost', { attempts: lost });
  }
}

/** Undefined for what says nothing of the endpoint: credentials that we can't open are our own fault. */
export function countedAttempt({ job, webhook, request, outcome, endedAt }: AttemptReport): CountedAttempt | undefined {
  if ('unreadable' in webhook) return undefined;
  const { companyId, webhookId } = job;
  const durationMs = outcome.kind === 'delivered' ? outcome.answer.durationMs : outcome.durationMs;
  return { companyId, webhookId, outcome: outcome.kind, durationMs: request === null ? null : durationMs, at: endedAt };
}
