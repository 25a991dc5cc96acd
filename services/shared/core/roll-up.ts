import {
  LATENCY_BUCKETS,
  emptyHistogram,
  mergeHistograms,
  percentileOf,
  type LatencyHistogram,
} from './latency-histogram.js';

/**
 * What a webhook's attempts came to, per minute and per hour: how they are counted while they happen, and the figures
 * that are read from them: "deliveries, failures, success rate, p50/p95 latency over 1 h, 24 h, 7 d".
 *
 * A roll-up holds totals, never differences: writing it again changes nothing. Each process has its own, and what a
 * webhook did is the sum over all of them.
 */
export type Resolution = 'minute' | 'hour';

export const RESOLUTION_MS: Readonly<Record<Resolution, number>> = { minute: 60_000, hour: 3_600_000 };

export interface RollUp {
  readonly webhookId: string;
  /** Beginning of its minute or hour, epoch ms. */
  readonly at: number;
  /** Attempts that were answered with 2xx, and those that weren't. */
  readonly delivered: number;
  readonly failed: number;
  readonly latency: LatencyHistogram;
  /** End of the last attempt that was answered with 2xx, epoch ms. */
  readonly lastDeliveryAt: number | null;
}

/** The windows that a console shows: each in points of one resolution. */
export const FIGURES_WINDOWS = {
  '1h': { resolution: 'minute', points: 60 },
  '24h': { resolution: 'hour', points: 24 },
  '7d': { resolution: 'hour', points: 168 },
} as const satisfies Readonly<Record<string, { readonly resolution: Resolution; readonly points: number }>>;

export type FiguresWindowName = keyof typeof FIGURES_WINDOWS;

/** A span of time in points of equal length; the last one is the minute or hour that is going on. */
export interface FiguresSpan {
  readonly resolution: Resolution;
  readonly points: number;
  /** Beginning of the first point, epoch ms. */
  readonly from: number;
}

/** What is known of a span of time or of one of its points. */
export interface AttemptFigures {
  readonly deliveries: number;
  readonly failures: number;
  /** 0 to 1; null while there was no attempt. */
  readonly successRate: number | null;
  readonly latency: LatencyHistogram;
}

export function startOf(resolution: Resolution, at: number): number {
  return Math.floor(at / RESOLUTION_MS[resolution]) * RESOLUTION_MS[resolution];
}

/** The span of a window that ends in the minute or hour of `now`. */
export function spanOf(window: FiguresWindowName, now: number): FiguresSpan {
  const { resolution, points } = FIGURES_WINDOWS[window];
  return { resolution, points, from: startOf(resolution, now) - (points - 1) * RESOLUTION_MS[resolution] };
}

/** The sum over some roll-ups of one webhook. */
export function figuresOver(rollUps: readonly RollUp[]): AttemptFigures {
  const deliveries = rollUps.reduce((sum, { delivered }) => sum + delivered, 0);
  const failures = rollUps.reduce((sum, { failed }) => sum + failed, 0);
  const attempts = deliveries + failures;
  return {
    deliveries,
    failures,
    successRate: attempts === 0 ? null : deliveries / attempts,
    latency: mergeHistograms(rollUps.map(({ latency }) => latency)),
  };
}

/** One entry for each point of the span, oldest first, also where nothing happened. */
export function seriesOver(rollUps: readonly RollUp[], { resolution, points, from }: FiguresSpan) {
  const step = RESOLUTION_MS[resolution];
  const perPoint = Array.from({ length: points }, (): RollUp[] => []);
  for (const rollUp of rollUps) perPoint[Math.floor((rollUp.at - from) / step)]?.push(rollUp);
  return perPoint.map((own, index) => ({ at: from + index * step, ...figuresOver(own) }));
}

/** A percentile of what a span or point counted, in ms; null where it counted nothing. */
export function latencyOf({ latency }: AttemptFigures, share: number): number | null {
  return percentileOf(latency, share);
}

/** Buckets as they are stored: those alone that counted something. */
export function bucketsOf(latency: LatencyHistogram): [bucket: number, count: number][] {
  return [...latency.entries()].filter(([, count]) => count > 0);
}

/** The histogram of stored buckets; what is no bucket of ours is left out. */
export function histogramOf(buckets: Iterable<readonly [bucket: number, count: number]>): LatencyHistogram {
  const histogram = emptyHistogram();
  for (const [bucket, count] of buckets) if (bucket >= 0 && bucket < LATENCY_BUCKETS) histogram[bucket] = count;
  return histogram;
}
