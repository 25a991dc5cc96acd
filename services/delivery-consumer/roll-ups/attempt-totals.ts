import { emptyHistogram, latencyBucketOf } from '../../shared/core/latency-histogram.js';
import { startOf, type Resolution, type RollUp } from '../../shared/core/roll-up.js';

/**
 * Counts the attempts of this process per webhook, minute and hour, in memory, until they are written.
 *
 * Counting costs two map look-ups and no promise. A series is the totals of one webhook over one minute or hour; it has
 * a number of its own, so that one that was forgotten and begun anew never writes over what it wrote before.
 * Bounded: beyond `maxSeries` those go first that are written already, then the oldest; what is lost by that is counted.
 */
export interface CountedAttempt {
  readonly companyId: string;
  readonly webhookId: string;
  readonly outcome: 'delivered' | 'failed';
  /** Null where nothing was sent. */
  readonly durationMs: number | null;
  /** Epoch ms at which it ended. */
  readonly at: number;
}

/** The totals of one series, to be written. */
export interface AttemptSeries extends RollUp {
  readonly number: number;
  readonly companyId: string;
  readonly resolution: Resolution;
}

interface Counting {
  readonly number: number;
  readonly companyId: string;
  readonly webhookId: string;
  readonly resolution: Resolution;
  readonly at: number;
  readonly latency: number[];
  delivered: number;
  failed: number;
  lastDeliveryAt: number | null;
  /** Attempts counted, and how many of them are written: unequal means that there is something to write. */
  written: number;
}

const MINUTE_MS = 60_000;

export class AttemptTotals {
  readonly #maxSeries: number;
  readonly #series = new Map<string, Counting>();
  /** The series that a webhook was counted in last, so that most attempts need no key to be made. */
  readonly #latest = new Map<string, { readonly minute: Counting; readonly hour: Counting }>();
  #numbers = 0;
  #lost = 0;

  constructor({ maxSeries }: { readonly maxSeries: number }) {
    this.#maxSeries = maxSeries;
  }

  get size(): number {
    return this.#series.size;
  }

  count(attempt: CountedAttempt): void {
    const { minute, hour } = this.#latestOf(attempt);
    add(minute, attempt);
    add(hour, attempt);
  }

  /** Totals that differ from what was written, as they are now. */
  unwritten(): AttemptSeries[] {
    return [...this.#series.values()]
      .filter(isUnwritten)
      .map((series) => ({ ...series, latency: [...series.latency] }));
  }

  /** These totals are durable; what was counted since then stays to be written. */
  markWritten(written: readonly AttemptSeries[]): void {
    for (const { companyId, webhookId, resolution, at, number, delivered, failed } of written) {
      const series = this.#series.get(keyOf(companyId, webhookId, resolution, at));
      if (series?.number === number) series.written = delivered + failed;
    }
  }

  /** Lets go of minutes and hours that are over and written. */
  forgetBefore(now: number): void {
    for (const [key, series] of this.#series)
      if (!isUnwritten(series) && series.at < startOf(series.resolution, now)) this.#forget(key);
  }

  /** How many attempts the bound has cost since this was asked last, counted per minute and per hour. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  #latestOf(attempt: CountedAttempt): { readonly minute: Counting; readonly hour: Counting } {
    const { companyId, webhookId, at } = attempt;
    const known = this.#latest.get(webhookId);
    if (known !== undefined && known.minute.companyId === companyId && covers(known.minute, at)) return known;
    // The hour first: to make room for it could forget the minute.
    const hour = this.#seriesOf(attempt, 'hour');
    const minute = this.#seriesOf(attempt, 'minute');
    const latest = { minute, hour };
    if (this.#series.get(keyOf(companyId, webhookId, 'hour', hour.at)) === hour) this.#latest.set(webhookId, latest);
    return latest;
  }

  #forget(key: string): void {
    this.#series.delete(key);
    this.#latest.clear();
  }

  #seriesOf({ companyId, webhookId, at }: CountedAttempt, resolution: Resolution): Counting {
    const start = startOf(resolution, at);
    const key = keyOf(companyId, webhookId, resolution, start);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.#maxSeries) this.#makeRoom();
    const series: Counting = {
      number: (this.#numbers += 1),
      companyId,
      webhookId,
      resolution,
      at: start,
      latency: emptyHistogram(),
      delivered: 0,
      failed: 0,
      lastDeliveryAt: null,
      written: 0,
    };
    this.#series.set(key, series);
    return series;
  }

  /** A tenth at once, so that the search isn't repeated for every newcomer. */
  #makeRoom(): void {
    let excess = Math.max(1, Math.ceil(this.#maxSeries / 10));
    for (const mayGo of [(series: Counting) => !isUnwritten(series), () => true]) {
      for (const [key, series] of this.#series) {
        if (excess === 0) return;
        if (!mayGo(series)) continue;
        this.#lost += series.delivered + series.failed - series.written;
        this.#forget(key);
        excess -= 1;
      }
    }
  }
}

function add(series: Counting, { outcome, durationMs, at }: CountedAttempt): void {
  if (outcome === 'delivered') {
    series.delivered += 1;
    series.lastDeliveryAt = Math.max(series.lastDeliveryAt ?? at, at);
  } else series.failed += 1;
  if (durationMs !== null) series.latency[latencyBucketOf(durationMs)]! += 1;
}

/** Whether an instant lies in that minute, and so in its hour. */
function covers({ at: from }: Counting, at: number): boolean {
  return at >= from && at < from + MINUTE_MS;
}

function isUnwritten({ delivered, failed, written }: Counting): boolean {
  return delivered + failed !== written;
}

function keyOf(companyId: string, webhookId: string, resolution: Resolution, at: number): string {
  return `${webhookId} ${resolution} ${at} ${companyId}`;
}
