import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Pace, Paces } from '../../../services/delivery-consumer/pace.js';
import { classify, type Outcome } from '../../../services/shared/core/outcome.js';
import { answerOf, noAnswerOf } from '../../support/samples.js';

type Made = Exclude<Outcome, { kind: 'unmade' }>;

const outcome = (result: Parameters<typeof classify>[0]): Made => classify(result) as Made;
const OK = outcome(answerOf(200));
const LOST = outcome(noAnswerOf('timeout'));
const LIMITS = { maxInFlight: 64, slowAfterMs: 1_000 };

/** Fills the cap and ends all of it with the same outcome; returns the cap then. */
function round(pace: Pace, made: Made, durationMs = 10, now = 0): number {
  const flying = pace.cap;
  for (let n = 0; n < flying; n += 1) pace.began(now);
  for (let n = 0; n < flying; n += 1) {
    pace.attempted(made, durationMs);
    pace.ended(now + durationMs);
  }
  return pace.cap;
}

/** A cap that is never quite used up twice in a round: each end is followed by a begin. */
function busy(pace: Pace, made: Made, count: number, durationMs = 10): number {
  let now = 0;
  let flying = 0;
  for (let n = 0; n < count; n += 1) {
    for (; flying < pace.cap; flying += 1) pace.began(now);
    pace.attempted(made, durationMs);
    pace.ended((now += 1));
    flying -= 1;
  }
  for (; flying > 0; flying -= 1) pace.ended(now);
  return pace.cap;
}

describe('the cap', () => {
  test('is 1 until the first answer, begins at 4 then and grows to 64 while all goes well', () => {
    const pace = new Pace(LIMITS);
    expect(pace.cap).toBe(1);
    expect(busy(pace, OK, 1)).toBe(4);
    expect(busy(pace, OK, 3)).toBe(7);
    expect(busy(pace, OK, 1_000)).toBe(64);
  });

  test('does not grow where it isn’t used up', () => {
    const pace = new Pace(LIMITS);
    for (let n = 0; n < 100; n += 1) {
      pace.began(0);
      pace.attempted(OK, 10);
      pace.ended(10);
    }
    expect(pace.cap).toBe(4);
  });

  test.each([
    ['no answer in time', LOST],
    ['refused', outcome(noAnswerOf('refused'))],
    ['429', outcome(answerOf(429))],
    ['503', outcome(answerOf(503))],
  ])('is halved by %s, once per round of attempts, down to 2', (_what, loss) => {
    const pace = new Pace(LIMITS);
    busy(pace, OK, 1_000);
    expect([1, 2, 3, 4, 5, 6].map(() => round(pace, loss))).toEqual([32, 16, 8, 4, 2, 2]);
  });

  test.each([400, 404, 500])('is not changed by %i: that says nothing of how much it can take', (status) => {
    const pace = new Pace(LIMITS);
    expect(busy(pace, outcome(answerOf(status)), 50)).toBe(4);
  });

  test('grows by one per round after a loss', () => {
    const pace = new Pace(LIMITS);
    busy(pace, OK, 1_000);
    round(pace, LOST);
    const before = pace.cap;
    busy(pace, OK, before + 2);
    expect(pace.cap).toBe(before + 1);
  });

  test('shrinks a little when answers come much later than usual', () => {
    const pace = new Pace(LIMITS);
    busy(pace, OK, 1_000, 20);
    expect(round(pace, OK, 500)).toBe(57);
  });

  test('begins at 4 again after a silence in which connections are closed', () => {
    const pace = new Pace(LIMITS);
    busy(pace, OK, 1_000);
    pace.began(60_000);
    expect(pace.cap).toBe(4);
  });

  test('stays between 2 and its bound, whatever happens', () => {
    const step = fc.record({ made: fc.constantFrom(OK, LOST), durationMs: fc.nat(20_000), flying: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 2, max: 64 }), (steps, maxInFlight) => {
        const pace = new Pace({ ...LIMITS, maxInFlight });
        for (const { made, durationMs, flying } of steps) {
          for (let n = 0; n <= flying; n += 1) pace.began(0);
          pace.attempted(made, durationMs);
          for (let n = 0; n <= flying; n += 1) pace.ended(1);
          expect(pace.cap).toBeGreaterThanOrEqual(2);
          expect(pace.cap).toBeLessThanOrEqual(maxInFlight);
        }
      }),
    );
  });
});

describe('fast is', () => {
  test('not who hasn’t answered yet, nor is that slow', () => {
    const pace = new Pace(LIMITS);
    expect(pace.kind).toBe('unknown');
  });

  test.each([
    [10, 'fast'],
    [999, 'fast'],
    [1_001, 'slow'],
    [10_000, 'slow'],
  ])('an endpoint that answers after %i ms: %s', (durationMs, kind) => {
    const pace = new Pace(LIMITS);
    round(pace, OK, durationMs);
    expect(pace.kind).toBe(kind);
  });

  test('not who lets its requests lie unanswered, from a second on', () => {
    const pace = new Pace(LIMITS);
    round(pace, OK);
    pace.began(0);
    pace.asked(1_000);
    expect([pace.isStalled(2_000), pace.kind]).toEqual([false, 'fast']);
    expect([pace.isStalled(2_001), pace.kind]).toEqual([true, 'slow']);
  });

  test('still whose attempts wait for us, before they are made or after', () => {
    const pace = new Pace(LIMITS);
    round(pace, OK);
    for (let n = 0; n < 2; n += 1) pace.began(0);
    expect(pace.isStalled(60_000)).toBe(false);
    pace.asked(60_000);
    pace.answered(60_010);
    expect([pace.isStalled(120_000), pace.kind]).toEqual([false, 'fast']);
  });

  test('still who goes on answering, however long one request takes', () => {
    const pace = new Pace(LIMITS);
    round(pace, OK);
    pace.asked(0);
    for (let now = 500; now <= 5_000; now += 500) {
      pace.asked(now);
      pace.answered(now);
    }
    expect([pace.isStalled(5_900), pace.isStalled(6_001)]).toEqual([false, true]);
  });

  test('who was slow, again only when it is far from slow', () => {
    const pace = new Pace(LIMITS);
    round(pace, OK, 2_000);
    const after = [...Array(12).keys()].map(() => {
      pace.began(0);
      pace.attempted(OK, 400);
      pace.ended(0);
      return pace.kind;
    });
    expect([after[0], after.at(-1)]).toEqual(['slow', 'fast']);
  });
});

test('a pace whose attempts are in flight is not forgotten', () => {
  const paces = new Paces(LIMITS, 2);
  const [a, b] = [paces.of('a'), paces.of('b')];
  a.began(0);
  paces.of('c');
  paces.of('d');
  expect([paces.of('a') === a, paces.of('b') === b]).toEqual([true, false]);
});

test('paces are remembered per webhook, the one that was quiet for longest is forgotten', () => {
  const paces = new Paces(LIMITS, 2);
  const [a, b] = [paces.of('a'), paces.of('b')];
  expect(paces.of('a')).toBe(a);
  paces.of('c');
  expect([paces.of('a') === a, paces.of('b') === b]).toEqual([true, false]);
});
