import { expect, test } from '@jest/globals';
import { frameFigures } from '../../bench/console/frames.js';

test('frames are told by the times between them', () => {
  const instants = [0, 10, 20, 30, 130];
  expect(frameFigures(instants)).toEqual({
    frames: 4,
    framesPerSecond: 4_000 / 130,
    p50Ms: 10,
    p95Ms: 100,
    p99Ms: 100,
    longestMs: 100,
  });
  expect(() => frameFigures([1])).toThrow(RangeError);
});
