import { describe, expect, test } from '@jest/globals';
import { countFailure, countSuccess, type CountingState } from '../../services/shared/core/status.js';
import { RecentResults } from '../../services/delivery-consumer/recent-results.js';
import { FAILED, NOW, webhookOf } from '../support/samples.js';

/**
 * Chapter 4: Failed, and back.
 *
 * "After 3 non-2xx responses (or no response) within 24 h with no success between them, the webhook's status becomes
 * Failed; any success resets the counter to 0. The counter starts anew when the webhook is enabled or its endpoint is
 * edited. A redelivered Kafka record never counts twice. Threshold, window and what is counted are settings." Inactive
 * is the Owner's word: nothing that an endpoint does changes it. Completions come out of order and from several
 * processes, so the rules speak of the instants at which attempts ended, not of the order in which they are reported.
 */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What happened, in the order in which it is reported: minutes after NOW, and whether the attempt succeeded. */
type Story = readonly (readonly ['failure' | 'success', atMinute: number, name?: string])[];

const FRESH: CountingState = { status: 'active', failures: [], circuit: null, countsFrom: NOW - HOUR };

function tell(story: Story, from: CountingState = FRESH, policy = FAILED): CountingState {
  return story.reduce((state, [kind, minute, name], index) => {
    const at = NOW + minute * MINUTE;
    if (kind === 'success') return countSuccess(state, at, policy);
    return countFailure(state, { attemptId: name ?? `attempt_${index}`, startedAt: at, at }, policy);
  }, from);
}

/** The status and the counter after the story. */
function after(story: Story, from?: CountingState, policy?: typeof FAILED): readonly [string, number] {
  const { status, failures } = tell(story, from, policy);
  return [status, failures.length];
}

describe('three failures within 24 h with no success between them make a webhook Failed', () => {
  test.each<[string, Story, string, number]>([
    ['none', [], 'active', 0],
    ['one', [['failure', 0]], 'active', 1],
    [
      'two',
      [
        ['failure', 0],
        ['failure', 1],
      ],
      'active',
      2,
    ],
    [
      'three',
      [
        ['failure', 0],
        ['failure', 1],
        ['failure', 2],
      ],
      'failed',
      3,
    ],
    [
      'four',
      [
        ['failure', 0],
        ['failure', 1],
        ['failure', 2],
        ['failure', 3],
      ],
      'failed',
      3,
    ],
    [
      'three at one instant',
      [
        ['failure', 0],
        ['failure', 0],
        ['failure', 0],
      ],
      'failed',
      3,
    ],
  ])('%s', (_count, story, status, counted) => {
    expect(after(story)).toEqual([status, counted]);
  });

  test.each<[string, Story, string, number]>([
    [
      'the first is 24 h old: it is out',
      [
        ['failure', 0],
        ['failure', 1],
        ['failure', 24 * 60],
      ],
      'active',
      2,
    ],
    [
      'the first is a minute younger: it counts',
      [
        ['failure', 0],
        ['failure', 1],
        ['failure', 24 * 60 - 1],
      ],
      'failed',
      3,
    ],
    [
      'each is 23 h after the one before',
      [
        ['failure', 0],
        ['failure', 1380],
        ['failure', 2760],
      ],
      'active',
      2,
    ],
  ])('%s', (_window, story, status, counted) => {
    expect(after(story)).toEqual([status, counted]);
  });

  test('threshold and window are settings', () => {
    const strict = { ...FAILED, threshold: 1, windowMs: MINUTE };
    expect(after([['failure', 0]], FRESH, strict)).toEqual(['failed', 1]);
    const patient = { ...FAILED, threshold: 5 };
    expect(
      after(
        [
          ['failure', 0],
          ['failure', 1],
          ['failure', 2],
          ['failure', 3],
        ],
        FRESH,
        patient,
      ),
    ).toEqual(['active', 4]);
  });
});

describe('any success resets the counter', () => {
  test.each<[string, Story, string, number]>([
    [
      'between failures',
      [
        ['failure', 0],
        ['failure', 1],
        ['success', 2],
        ['failure', 3],
      ],
      'active',
      1,
    ],
    [
      'after they made it Failed',
      [
        ['failure', 0],
        ['failure', 1],
        ['failure', 2],
        ['success', 3],
      ],
      'active',
      0,
    ],
    [
      'at the instant of the last failure',
      [
        ['failure', 0],
        ['failure', 1],
        ['success', 1],
      ],
      'active',
      0,
    ],
  ])('%s', (_when, story, status, counted) => {
    expect(after(story)).toEqual([status, counted]);
  });

  test.each<[string, Story, string, number]>([
    [
      'it forgives what ended before it',
      [
        ['failure', 0],
        ['failure', 4],
        ['success', 2],
      ],
      'active',
      1,
    ],
    [
      'it forgives nothing that ended after it',
      [
        ['failure', 3],
        ['failure', 4],
        ['success', 2],
      ],
      'active',
      2,
    ],
    [
      'a Failed webhook with enough failures after it stays Failed',
      [
        ['failure', 3],
        ['failure', 4],
        ['failure', 5],
        ['success', 2],
      ],
      'failed',
      3,
    ],
    [
      'a Failed webhook with fewer failures after it is Active',
      [
        ['failure', 1],
        ['failure', 4],
        ['failure', 5],
        ['success', 2],
      ],
      'active',
      2,
    ],
  ])('a success that is reported late: %s', (_rule, story, status, counted) => {
    expect(after(story)).toEqual([status, counted]);
  });

  test('with nothing to reset it changes nothing: the very same state', () => {
    expect(countSuccess(FRESH, NOW, FAILED)).toBe(FRESH);
    const later = tell([['failure', 5]]);
    expect(countSuccess(later, NOW, FAILED)).toBe(later);
  });

  test('a webhook that is Failed without a counted failure becomes Active', () => {
    expect(countSuccess({ ...FRESH, status: 'failed' }, NOW, FAILED)).toMatchObject({ status: 'active' });
  });
});

describe('the counter starts anew when the webhook is enabled or edited', () => {
  const edited: CountingState = { status: 'active', failures: [], circuit: null, countsFrom: NOW };

  test.each([
    ['began before it and ended after it', -1, 1, 0],
    ['began before it and ended before it', -2, -1, 0],
    ['began at that instant', 0, 1, 1],
    ['began after it', 1, 2, 1],
  ])('an attempt that %s', (_rule, startedMinute, endedMinute, counted) => {
    const attempt = { attemptId: 'a', startedAt: NOW + startedMinute * MINUTE, at: NOW + endedMinute * MINUTE };
    expect(countFailure(edited, attempt, FAILED).failures).toHaveLength(counted);
  });
});

describe('a redelivered record never counts twice', () => {
  test('the same attempt, reported again, changes nothing', () => {
    const once = tell([['failure', 0, 'same']]);
    expect(countFailure(once, { attemptId: 'same', startedAt: NOW, at: NOW + MINUTE }, FAILED)).toBe(once);
  });

  test('three reports of one attempt are one failure', () => {
    expect(
      after([
        ['failure', 0, 'same'],
        ['failure', 1, 'same'],
        ['failure', 2, 'same'],
      ]),
    ).toEqual(['active', 1]);
  });
});

describe('Inactive stays Inactive', () => {
  const inactive: CountingState = { ...FRESH, status: 'inactive' };

  test.each<[string, Story]>([
    [
      'failures',
      [
        ['failure', 0],
        ['failure', 1],
        ['failure', 2],
      ],
    ],
    ['a success', [['success', 0]]],
    [
      'both',
      [
        ['failure', 0],
        ['success', 1],
        ['failure', 2],
      ],
    ],
  ])('whatever is reported: %s', (_what, story) => {
    expect(tell(story, inactive)).toBe(inactive);
  });
});

describe('a success writes only when there is something to reset', () => {
  const healthy = webhookOf();

  test('a healthy webhook’s successes cost nothing', () => {
    const recent = new RecentResults(10);
    expect([recent.succeeded(healthy, NOW), recent.succeeded(healthy, NOW + 1)]).toEqual([undefined, undefined]);
  });

  test.each([
    ['it has a counted failure', webhookOf({ failures: [{ attemptId: 'a', at: NOW - 1 }] })],
    ['it is Failed', webhookOf({ status: 'failed' })],
  ])('there is when %s', (_rule, webhook) => {
    expect(new RecentResults(10).succeeded(webhook, NOW)).toBe(NOW);
  });

  test('there is when this process counted a failure that the webhook, read earlier, does not show yet; once', () => {
    const recent = new RecentResults(10);
    recent.failed(healthy, NOW);
    expect([recent.succeeded(healthy, NOW), recent.succeeded(healthy, NOW + 1)]).toEqual([NOW, undefined]);
  });

  test('there is when another process counted one, as the change feed tells; once', () => {
    const recent = new RecentResults(10);
    expect(recent.counted(healthy.id)).toBe(false);
    recent.succeeded(healthy, NOW - 1);
    expect(recent.counted(healthy.id)).toBe(true);
    expect([recent.succeeded(healthy, NOW), recent.succeeded(healthy, NOW + 1)]).toEqual([NOW, undefined]);
  });

  test('the last success is to be told when the status changes, unless it was: it may lie between counted failures', () => {
    const recent = new RecentResults(10);
    expect(recent.untold(healthy.id, NOW + 5)).toBeUndefined();
    recent.succeeded(healthy, NOW);
    expect(recent.untold(healthy.id, NOW + 5)).toEqual({
      companyId: healthy.companyId,
      webhookId: healthy.id,
      at: NOW,
    });
    recent.failed(healthy, NOW + 1);
    expect(recent.untold(healthy.id, NOW + 5)).toMatchObject({ at: NOW });
    expect(recent.untold(healthy.id, NOW - 1)).toBeUndefined();
    recent.succeeded(healthy, NOW + 2);
    expect(recent.untold(healthy.id, NOW + 5)).toBeUndefined();
  });

  test('a success that a clock saw which was set back since forgives nothing', () => {
    const recent = new RecentResults(10);
    recent.succeeded(healthy, NOW + 3_600_000);
    recent.failed(healthy, NOW);
    expect(recent.lastSuccessAt(healthy.id)).toBeUndefined();
  });

  test.each(['success', 'failure'])(
    'a clock that was set back, then a %s: what failed by it is forgiven once',
    (first) => {
      const recent = new RecentResults(10);
      recent.succeeded(healthy, NOW + 9_000);
      recent.failed(healthy, NOW + 10_000);
      if (first === 'failure') recent.failed(healthy, NOW);
      expect([recent.succeeded(healthy, NOW), recent.succeeded(healthy, NOW + 1)]).toEqual([NOW + 10_000, undefined]);
    },
  );

  test('attempts that end together and are noted in another order cost no write', () => {
    const recent = new RecentResults(10);
    recent.succeeded(healthy, NOW + 900);
    expect(recent.succeeded(healthy, NOW)).toBeUndefined();
  });

  test('failures that the webhook shows are reset once, however long it is not read again', () => {
    const recent = new RecentResults(10);
    const webhook = webhookOf({ failures: [{ attemptId: 'a', at: NOW - 1 }] });
    expect([recent.succeeded(webhook, NOW), recent.succeeded(webhook, NOW + 1)]).toEqual([NOW, undefined]);
  });

  test('a failure that is read after a success that had nothing to reset is reset by the next one', () => {
    const recent = new RecentResults(10);
    recent.succeeded(healthy, NOW);
    const webhook = webhookOf({ failures: [{ attemptId: 'a', at: NOW - 1 }] });
    expect(recent.succeeded(webhook, NOW + 1)).toBe(NOW + 1);
  });

  test('failures in a row are counted from the last success on, those that the webhook shows included', () => {
    const recent = new RecentResults(10);
    const webhook = webhookOf({ failures: [{ attemptId: 'a', at: NOW - 1 }] });
    expect([recent.failed(healthy, NOW), recent.failed(healthy, NOW), recent.failed(healthy, NOW)]).toEqual([1, 2, 3]);
    recent.succeeded(healthy, NOW);
    expect([recent.failed(webhook, NOW), new RecentResults(10).failed(webhook, NOW)]).toEqual([1, 2]);
  });

  test('a failure carries the end of the last success along, so that older failures are forgiven first', () => {
    const recent = new RecentResults(10);
    recent.failed(healthy, NOW);
    expect(recent.lastSuccessAt(healthy.id)).toBeUndefined();
    recent.succeeded(healthy, NOW);
    recent.failed(healthy, NOW);
    expect(recent.lastSuccessAt(healthy.id)).toBe(NOW);
  });

  test('webhooks don’t mix', () => {
    const recent = new RecentResults(10);
    recent.failed(webhookOf({ id: 'wh_2' }), NOW);
    expect(recent.succeeded(healthy, NOW)).toBeUndefined();
    expect(recent.lastSuccessAt('wh_3')).toBeUndefined();
  });

  test('memory is bounded: the webhook that was quiet for longest is forgotten', () => {
    const recent = new RecentResults(2);
    recent.succeeded(webhookOf({ id: 'a' }), NOW);
    recent.succeeded(webhookOf({ id: 'b' }), NOW);
    recent.succeeded(webhookOf({ id: 'a' }), NOW + 1);
    recent.succeeded(webhookOf({ id: 'c' }), NOW);
    expect(['a', 'c', 'b'].map((id) => recent.lastSuccessAt(id))).toEqual([NOW + 1, NOW, undefined]);
  });
});
