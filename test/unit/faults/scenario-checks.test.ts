import { describe, expect, test } from '@jest/globals';
import { findBadStops } from '../../faults/check/find-bad-stops.js';
import { findUnproven } from '../../faults/scenarios/producer-proof.js';

/** What single scenarios judge by themselves, each broken once. */
describe('the proof that our producer loses nothing', () => {
  const proof = { sent: 2_960, lost: 0 };
  test.each<[string, Parameters<typeof findUnproven>[0], string[]]>([
    ['holds', { ours: proof, idempotent: { sent: 1_220, lost: 8 } }, []],
    ['ours lost one', { ours: { ...proof, lost: 1 }, idempotent: proof }, ['{"sent":2960,"lost":1}']],
    ['ours sent nothing', { ours: { sent: 0, lost: 0 }, idempotent: proof }, ['ours']],
    ['the other one sent nothing', { ours: proof, idempotent: { sent: 0, lost: 0 } }, ['idempotent']],
    ['was not made', undefined, ['ours, idempotent']],
  ])('%s', (_, proofs, told) => {
    expect(findUnproven(proofs).map(({ what }) => what.split(': ')[1] ?? '')).toEqual(told);
  });
});

test.each<[string, Parameters<typeof findBadStops>[0], RegExp]>([
  ['in time', [{ as: 'delivery-1', code: 0, ms: 25_000 }], /^$/],
  ['late', [{ as: 'delivery-1', code: 0, ms: 25_001 }], /too late: delivery-1 after 25001 ms/],
  ['by force', [{ as: 'delivery-1', code: 'SIGKILL', ms: 10 }], /in disorder: delivery-1 with SIGKILL/],
  ['not at all', [], /nobody was asked/],
])('a process that is asked to end ends %s', (_, stops, told) => {
  expect(
    findBadStops(stops)
      .map(({ what }) => what)
      .join(),
  ).toMatch(told);
});
