import { describe, expect, test } from '@jest/globals';
import { findBadStops } from '../../faults/check/find-bad-stops.js';
import { findUntold, unreadOf, withoutExpired } from '../../faults/check/find-expired.js';
import { digestOf, findUnparked } from '../../faults/check/find-unparked.js';
import type { History } from '../../faults/history.js';
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
])('a process that is asked to end ends %s', (_, stops, told) => {
  expect(
    findBadStops(stops)
      .map(({ what }) => what)
      .join(),
  ).toMatch(told);
});

describe('events that expired before they were read', () => {
  const commit = (partition: number, offset: number) => ({
    ...{ at: 1, seenAt: 1, group: 'calls', topic: 'events', partition, offset, map: undefined },
  });
  const place = (partition: number, offset: number) => ({ topic: 'events', partition, offset });

  test('are those behind the last commit of their partition', () => {
    const commits = [commit(0, 3), commit(0, 7), { ...commit(0, 9), group: 'others' }];
    const left = [place(0, 10), place(1, 4), { ...place(0, 99), topic: 'messages' }];
    expect([...unreadOf(left, commits, { id: 'calls', topic: 'events' })]).toEqual([
      [0, 3],
      [1, 4],
    ]);
  });

  test('are no debt, and no more events than those', () => {
    const events = ['read', 'unread', 'lost'].map((eventId) => ({ eventId, acked: true }));
    const history = { produced: events, stored: new Map(), posts: [{ eventId: 'read' }] } as unknown as History;
    const owed = (records: number) => withoutExpired(history, new Map([[0, records]]));
    expect(owed(1).produced.map(({ eventId }) => eventId)).toEqual(['read', 'lost']);
    expect(owed(2).produced.map(({ eventId }) => eventId)).toEqual(['read']);
    expect(owed(2).stored).toEqual(new Map([['read', 1]]));
  });

  test.each<[string, [number, number][], number[], string[]]>([
    [
      'each partition is told of',
      [
        [0, 3],
        [1, 0],
      ],
      [0],
      [],
    ],
    [
      'one is not',
      [
        [0, 3],
        [1, 4],
      ],
      [0],
      ['1 × a loss that nobody tells of: 1'],
    ],
    [
      'one had lost nothing',
      [
        [0, 3],
        [1, 0],
      ],
      [0, 1],
      ['1 × a loss that was none: 1'],
    ],
    ['none had', [[0, 0]], [], ['1 × nothing expired: unread']],
  ])('are told of: %s', (_, unread, told, broken) => {
    expect(findUntold(new Map(unread), told).map(({ what }) => what)).toEqual(broken);
  });
});

test('a malformed record is among the dead letters as often as it was produced', () => {
  const [one, other] = [digestOf(Buffer.of(1)), digestOf(Buffer.of(2))];
  const letters = [one, one, digestOf(Buffer.of(3))].map((digest) => ({ digest }));
  expect(findUnparked([one, one], letters)).toEqual([]);
  expect(findUnparked([one, other, one], letters)).toEqual([other]);
  expect(findUnparked([one, one, one], letters)).toEqual([one]);
});

test('no value and an empty one are the same to who looks for it', () => {
  expect(digestOf(null)).toBe(digestOf(Buffer.alloc(0)));
});
