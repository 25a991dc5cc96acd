/**
 * Counts of durations in buckets that grow by a constant factor, so that percentiles of any span of time and of any
 * number of processes come from adding counts up. Percentiles themselves can't be added.
 *
 * 1 ms to 60 s in 44 steps of ×1.284: a percentile is told as the geometric middle of its bucket, at most 13.4 % off.
 * What takes 1 ms or less counts as 1 ms, what takes longer than 60 s as 60 s.
 */
export type LatencyHistogram = readonly number[];

const STEPS = 44;
const LONGEST_MS = 60_000;
/** ln of the factor between two bounds. */
const STEP = Math.log(LONGEST_MS) / STEPS;

/** Bucket 0 holds up to 1 ms, bucket i up to 60,000^(i/44) ms, the last one what takes longer than 60 s. */
export const LATENCY_BUCKETS = STEPS + 2;

export function emptyHistogram(): number[] {
  return new Array<number>(LATENCY_BUCKETS).fill(0);
}

/** The bucket of a duration in ms. */
export function latencyBucketOf(durationMs: number): number {
  if (!(durationMs > 1)) return 0;
  if (durationMs > LONGEST_MS) return LATENCY_BUCKETS - 1;
  return Math.min(STEPS, Math.ceil(Math.log(durationMs) / STEP));
}

/** The histogram of everything that the given ones counted. */
export function mergeHistograms(histograms: Iterable<LatencyHistogram>): LatencyHistogram {
  const sum = emptyHistogram();
  for (const histogram of histograms)
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) sum[bucket]! += histogram[bucket] ?? 0;
  return sum;
}

/** The duration in ms that a share (0 to 1) of all stayed within; null where nothing was counted. */
export function percentileOf(histogram: LatencyHistogram, share: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  const bucket = histogram.findIndex((count) => (seen += count) >= rank);
  return middleOf(bucket);
}

/** To a tenth of a millisecond: more would pretend. */
function middleOf(bucket: number): number {
  if (bucket === 0) return 1;
  if (bucket === LATENCY_BUCKETS - 1) return LONGEST_MS;
  return Math.round(Math.exp((bucket - 0.5) * STEP) * 10) / 10;
}
