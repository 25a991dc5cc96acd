import { describe, expect, test } from '@jest/globals';
import { OverflowGate, type QueueFacts } from '../../../../services/delivery-consumer/overflow/overflow-gate.js';

const LIMITS = { atJobs: 10, atBytes: 1_000, maxJobs: 100, maxJobBytes: 10_000 };
const FACTS: QueueFacts = {
  waiting: 0,
  bytes: 0,
  isSlow: true,
  inLine: false,
  hasNeighbours: true,
  slowJobs: 0,
  slowBytes: 0,
};
const job = (conversationId = 'c1', webhookId = 'wh_1') => ({ webhookId, conversationId });

/** Whether a first job of its conversation leaves a queue like this. */
const leaves = (facts: Partial<QueueFacts>): boolean =>
  new OverflowGate(LIMITS).isSurplus(job(), { ...FACTS, ...facts }, 0);

describe('a job is surplus when its queue is full', () => {
  test.each<[string, Partial<QueueFacts>, boolean]>([
    ['a slow webhook, below the bound', { waiting: 9 }, false],
    ['a slow webhook at the bound of jobs', { waiting: 10 }, true],
    ['a slow webhook at the bound of bytes', { waiting: 1, bytes: 1_000 }, true],
    ['a slow webhook whose bytes are all in flight', { waiting: 0, bytes: 1_000 }, false],
    ['a webhook that isn’t slow has a backlog', { waiting: 50, isSlow: false }, false],
    ['it has more than half of the memory to itself', { waiting: 51, isSlow: false }, true],
    ['it has more than half of the bytes to itself', { waiting: 5, bytes: 5_001, isSlow: false }, true],
    ['there is nobody to take it from', { waiting: 99, isSlow: false, hasNeighbours: false }, false],
    ['all slow ones together have nearly a quarter of the memory', { waiting: 5, slowJobs: 20 }, true],
    ['the same, and it has less than what is left', { waiting: 4, slowJobs: 20 }, false],
    ['they have more than that quarter', { waiting: 1, slowJobs: 99 }, true],
    ['they have more than that quarter, and it has nothing', { waiting: 0, slowJobs: 99 }, false],
    ['they have nearly a quarter of the bytes', { waiting: 1, bytes: 100, slowBytes: 2_400 }, true],
    ['it isn’t slow, whatever the slow ones have', { waiting: 50, isSlow: false, slowJobs: 99 }, false],
    ['its conversation is in line here', { waiting: 10, inLine: true }, false],
    ['its conversation is in line here, and the queue is twice too long', { waiting: 20, inLine: true }, true],
  ])('%s', (_what, facts, surplus) => {
    expect(leaves(facts)).toBe(surplus);
  });
});

test.each([
  [{ slowJobs: 50, slowBytes: 5_000 }, false],
  [{ slowJobs: 51, slowBytes: 0 }, true],
  [{ slowJobs: 1, slowBytes: 5_001 }, true],
])('those that aren’t fast with %j crowd the others out: %j', (facts, crowded) => {
  expect(new OverflowGate(LIMITS).isCrowded(facts)).toBe(crowded);
});

describe('once it overflows', () => {
  test('a webhook goes on until its queue is down to half', () => {
    const gate = new OverflowGate(LIMITS);
    const seen = [10, 7, 5, 4, 7].map((waiting, index) => gate.isSurplus(job(`c${index}`), { ...FACTS, waiting }, 0));
    expect([seen, gate.overflowing(0)]).toEqual([[true, true, true, false, false], 0]);
  });

  test('a webhook that falls silent is forgotten after ten minutes', () => {
    const gate = new OverflowGate(LIMITS);
    gate.isSurplus(job(), { ...FACTS, waiting: 10 }, 0);
    gate.isSurplus(job('c2'), { ...FACTS, waiting: 10 }, 1_000);
    expect([600_000, 601_001].map((now) => gate.overflowing(now))).toEqual([1, 0]);
  });

  test('a conversation that left goes on leaving for ten minutes, which what leaves for that alone doesn’t prolong', () => {
    const gate = new OverflowGate(LIMITS);
    const full = { ...FACTS, waiting: 10 };
    expect([0, 100_000].map((now) => gate.isSurplus(job(), full, now))).toEqual([true, true]);
    const empty = { ...FACTS, isSlow: false };
    expect(gate.isSurplus(job('c2'), empty, 100_001)).toBe(false);
    const seen = [400_000, 699_999, 700_001].map((now) => gate.isSurplus(job(), empty, now));
    expect(seen).toEqual([true, true, false]);
  });

  test('a job that left although it had been taken in takes its conversation with it', () => {
    const gate = new OverflowGate(LIMITS);
    gate.noteLeft(job(), 0);
    expect([gate.isSurplus(job(), FACTS, 1), gate.isSurplus(job('c2'), FACTS, 1)]).toEqual([true, false]);
  });

  test('other webhooks stay', () => {
    const gate = new OverflowGate(LIMITS);
    gate.isSurplus(job(), { ...FACTS, waiting: 10 }, 0);
    expect(gate.isSurplus(job('c1', 'wh_2'), { ...FACTS, waiting: 9 }, 0)).toBe(false);
  });
});
