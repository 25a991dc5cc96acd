import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  LATENCY_BUCKETS,
  emptyHistogram,
  latencyBucketOf,
  mergeHistograms,
  percentileOf,
  type LatencyHistogram,
} from '../../../services/shared/core/latency-histogram.js';

function histogramOf(durations: readonly number[]): LatencyHistogram {
  const histogram = emptyHistogram();
  for (const duration of durations) histogram[latencyBucketOf(duration)]! += 1;
  return histogram;
}

const duration = fc.double({ min: 1, max: 60_000, noNaN: true });
const durations = fc.array(duration, { minLength: 1, maxLength: 200 });
const share = fc.constantFrom(0.01, 0.5, 0.95, 0.99, 1);

describe('a percentile', () => {
  test('is at most 15 % off the exact one, from 1 ms to 60 s', () => {
    fc.assert(
      fc.property(durations, share, (all, wanted) => {
        const exact = [...all].sort((a, b) => a - b)[Math.max(1, Math.ceil(wanted * all.length)) - 1] ?? NaN;
        const told = percentileOf(histogramOf(all), wanted) ?? NaN;
        // Values are rounded to a tenth of a millisecond on top.
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact * 0.15 + 0.05);
      }),
    );
  });

  test('never falls as the share grows', () => {
    fc.assert(
      fc.property(durations, (all) => {
        const told = [0.01, 0.5, 0.95, 0.99, 1].map((wanted) => percentileOf(histogramOf(all), wanted) ?? NaN);
        expect(told).toEqual([...told].sort((a, b) => a - b));
      }),
    );
  });

  test('of nothing is null', () => expect(percentileOf(emptyHistogram(), 0.5)).toBeNull());
});

test.each([
  ['zero', 0, 0],
  ['one millisecond', 1, 0],
  ['a little more', 1.01, 1],
  ['sixty seconds', 60_000, LATENCY_BUCKETS - 2],
  ['longer', 60_001, LATENCY_BUCKETS - 1],
  ['what is no duration', NaN, 0],
])('%s falls in its bucket', (_, value, bucket) => expect(latencyBucketOf(value)).toBe(bucket));

test('merging histograms is counting everything in one', () => {
  fc.assert(
    fc.property(fc.array(fc.array(duration, { maxLength: 50 }), { maxLength: 6 }), (parts) => {
      expect(mergeHistograms(parts.map(histogramOf))).toEqual(histogramOf(parts.flat()));
    }),
  );
});
