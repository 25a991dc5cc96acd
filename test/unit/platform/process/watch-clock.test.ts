import { expect, test } from '@jest/globals';
import { watchClock } from '../../../../services/shared/platform/process/watch-clock.js';

type Context = Parameters<typeof watchClock>[0];

test('a clock that is off by more than 30 s is told of once, and once when it is right again', () => {
  const told: string[] = [];
  let read = (): number => NaN;
  let tell = (_aheadMs: number): void => undefined;
  const note = (event: string, { aheadMs }: { aheadMs: number }): void => void told.push(`${event} ${aheadMs}`);
  const gauge = () => ({ readFrom: (source: () => number) => (read = source) });
  watchClock({ log: { warn: note, info: note }, metrics: { gauge } } as unknown as Context, (given) => (tell = given));
  for (const aheadMs of [0, 30_000, 30_001, -40_000, 3_600_000, -30_000, 5]) tell(aheadMs);
  expect(told).toEqual(['clock.off 30001', 'clock.right -30000']);
  expect(read()).toBe(0.005);
});
