import { describe, expect, test } from '@jest/globals';
import { Scheduler, type PaceKind, type Schedulable } from '../../services/delivery-consumer/scheduler.js';
import { paceOf, type SetPace } from '../support/paces.js';

/**
 * Chapter 5: fairness and order.
 *
 * "One endpoint can't hurt another: in the scheduler each webhook has its own queue; round-robin over webhooks; in-flight
 * cap per webhook; global cap." "Order: events of one call or conversation are attempted in order per webhook; a retry
 * may overtake, and `event_sequence` tells."
 */
interface Item extends Schedulable {
  readonly name: string;
}

/** `A1x`: a job of webhook A, conversation 1. */
function item(name: string, bytes = 1): Item {
  return {
    name,
    job: { webhookId: name.slice(0, 1), conversationId: name.slice(1, 2), body: { byteLength: bytes } },
    landed: false,
  };
}

interface Limits {
  readonly inFlight?: number;
  readonly perWebhook?: number;
  readonly slowInFlight?: number;
  readonly unknownInFlight?: number;
  readonly slow?: string;
  readonly unknown?: string;
}

function schedulerWith(names: string, limits: Limits = {}): Scheduler<Item> {
  const { inFlight = 100, perWebhook = 100, slowInFlight = inFlight, unknownInFlight = 0 } = limits;
  const kindOf = (webhookId: string): PaceKind => {
    if (limits.slow?.includes(webhookId) === true) return 'slow';
    return limits.unknown?.includes(webhookId) === true ? 'unknown' : 'fast';
  };
  const scheduler = new Scheduler<Item>({ inFlight, slowInFlight, unknownInFlight }, (webhookId) =>
    paceOf({ cap: perWebhook, kind: kindOf(webhookId) }),
  );
  for (const name of names.split(' ').filter((word) => word !== '')) scheduler.admit(item(name));
  return scheduler;
}

/** Takes all that may go now. */
function takeAll(scheduler: Scheduler<Item>): string {
  const names = [];
  for (let next = scheduler.take(0); next !== undefined; next = scheduler.take(0)) names.push(next.name);
  return names.join(' ');
}

/** Takes and releases one after the other until nothing is left. */
function playOut(scheduler: Scheduler<Item>): string {
  const names = [];
  for (let next = scheduler.take(0); next !== undefined; next = scheduler.take(0)) {
    names.push(next.name);
    scheduler.release(next, 0);
  }
  return names.join(' ');
}

describe('webhooks take turns, one job per turn', () => {
  test.each([
    ['a flood of one webhook doesn’t delay the others', 'A1 A2 A3 A4 A5 B1 C1', 'A1 B1 C1 A2 A3 A4 A5'],
    ['two floods share', 'A1 A2 A3 B1 B2 B3', 'A1 B1 A2 B2 A3 B3'],
    ['one alone goes on', 'A1 A2 A3', 'A1 A2 A3'],
  ])('%s', (_rule, admitted, taken) => {
    expect(takeAll(schedulerWith(admitted))).toBe(taken);
  });

  test('a webhook that comes in the middle of a flood has its turn after one job of each other webhook', () => {
    const scheduler = schedulerWith('A1 A2 A3 A4 B1 B2 B3 B4');
    const taken = [scheduler.take(0)?.name];
    scheduler.admit(item('C1'));
    for (let turn = 0; turn < 3; turn += 1) taken.push(scheduler.take(0)?.name);
    expect(taken).toEqual(['A1', 'B1', 'A2', 'C1']);
  });
});

describe('the caps', () => {
  test('a webhook has at most its cap in flight, and the others go on', () => {
    const scheduler = schedulerWith('A1 A2 A3 A4 B1', { perWebhook: 2 });
    expect(takeAll(scheduler)).toBe('A1 B1 A2');
    scheduler.release(item('A2'), 0);
    expect(takeAll(scheduler)).toBe('A3');
  });

  test('a webhook that hangs keeps its cap and nothing else', () => {
    const scheduler = schedulerWith('A1 A2 A3 B1', { perWebhook: 2 });
    takeAll(scheduler);
    scheduler.release(item('B1'), 0);
    for (let n = 2; n < 9; n += 1) {
      scheduler.admit(item(`B${n}`));
      expect(takeAll(scheduler)).toBe(`B${n}`);
      scheduler.release(item(`B${n}`), 0);
    }
    expect(scheduler.inFlight).toBe(2);
  });

  test('all webhooks together have at most the global cap in flight', () => {
    const scheduler = schedulerWith('A1 B1 C1 D1', { inFlight: 3 });
    expect(takeAll(scheduler)).toBe('A1 B1 C1');
    scheduler.release(item('B1'), 0);
    expect(takeAll(scheduler)).toBe('D1');
  });
});

describe('webhooks that aren’t fast share a part of the global cap', () => {
  test('however many of them there are, the rest is left to the fast ones', () => {
    const scheduler = schedulerWith('S1 T1 U1 V1 A1 B1', { inFlight: 4, slowInFlight: 2, slow: 'STUV' });
    expect(takeAll(scheduler)).toBe('A1 B1 S1 T1');
    scheduler.release(item('A1'), 0);
    scheduler.admit(item('A2'));
    expect(takeAll(scheduler)).toBe('A2');
  });

  test('an eighth of it is theirs, whatever the fast ones want', () => {
    const fast = [...'abcdefghijklmnopqrst'].map((conversation) => `A${conversation}`).join(' ');
    const taken = takeAll(schedulerWith(`${fast} S1 S2`, { inFlight: 16, slowInFlight: 8, slow: 'S' })).split(' ');
    expect([taken.length, taken.filter((name) => name.startsWith('S'))]).toEqual([16, ['S1', 'S2']]);
  });

  test('fear: a rush of fast ones whose places never run out starves the others of turns', () => {
    const limits = { inFlight: 100, slowInFlight: 20, unknownInFlight: 5, perWebhook: 100, slow: 'S', unknown: 'U' };
    const scheduler = schedulerWith('S1 S2 U1', limits);
    const begun: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      scheduler.admit(item('A1'));
      const taken = scheduler.take(0);
      begun.push(taken?.name.slice(0, 1) ?? '-');
      if (taken?.name.startsWith('A') === true) scheduler.release(taken, 0);
    }
    expect(begun.join('')).toBe(`${'A'.repeat(7)}U${'A'.repeat(7)}S${'A'.repeat(7)}S${'A'.repeat(16)}`);
  });

  test('the unknown go before the slow, and some of them however many places the slow have', () => {
    const limits = { inFlight: 8, slowInFlight: 3, unknownInFlight: 2, slow: 'ST', unknown: 'UVWXYZ' };
    const scheduler = schedulerWith('S1 S2 T1 T2 U1', limits);
    expect(takeAll(scheduler)).toBe('U1 S1 T1 S2');
    for (const name of ['V1', 'W1', 'X1', 'A1']) scheduler.admit(item(name));
    expect(takeAll(scheduler)).toBe('A1 V1');
    scheduler.release(item('U1'), 0);
    expect(takeAll(scheduler)).toBe('W1');
  });

  test('fear: after a restart, those who hang keep well webhooks from showing that they are fast', () => {
    const hanging = 'abcdefghijklmnop';
    const paces = new Map([...hanging, 'W'].map((webhookId) => [webhookId, paceOf({ cap: 1, kind: 'unknown' })]));
    const scheduler = new Scheduler<Item>(
      { inFlight: 8, slowInFlight: 4, unknownInFlight: 2 },
      (webhookId) => paces.get(webhookId) as SetPace,
    );
    for (const name of [...hanging].map((webhookId) => `${webhookId}1`)) scheduler.admit(item(name));
    scheduler.admit(item('W1'));
    let taken = '';
    for (let second = 1; !taken.includes('W1'); second += 1) {
      expect(second).toBeLessThan(10);
      taken = takeAll(scheduler);
      for (const name of taken.split(' ').filter((word) => word !== '')) {
        const pace = paces.get(name.slice(0, 1)) as SetPace;
        [pace.kind, pace.stalled] = ['slow', true];
      }
      scheduler.noteStalled(second * 1_000);
    }
  });

  test('what a fast webhook has in flight when it stalls counts among the slow: the others go on', () => {
    const stalls = paceOf({ cap: 100, kind: 'fast' });
    const scheduler = new Scheduler<Item>({ inFlight: 4, slowInFlight: 2, unknownInFlight: 0 }, (webhookId) =>
      webhookId === 'A' ? stalls : paceOf({ cap: 100, kind: 'fast' }),
    );
    for (const name of ['A1', 'A2', 'A3', 'A4', 'A5', 'B1', 'B2', 'B3']) scheduler.admit(item(name));
    expect([scheduler.take(0), scheduler.take(0)].map((taken) => taken?.name)).toEqual(['A1', 'B1']);
    scheduler.release(item('B1'), 0);
    takeAll(scheduler);
    stalls.kind = 'slow';
    stalls.stalled = true;
    scheduler.noteStalled(5_000);
    expect(scheduler.slowInFlight).toBeGreaterThanOrEqual(2);
    expect(scheduler.inFlight - scheduler.slowInFlight).toBeLessThanOrEqual(2);
    for (const name of ['C1', 'C2']) scheduler.admit(item(name));
    expect(takeAll(scheduler)).not.toContain('A');
  });
});

test('a webhook that turned fast leaves the round of the slow at once, also when that is closed', () => {
  const paces = { A: paceOf({ cap: 2, kind: 'fast' }), S: paceOf({ cap: 2, kind: 'slow' }) };
  const scheduler = new Scheduler<Item>(
    { inFlight: 4, slowInFlight: 1, unknownInFlight: 0 },
    (webhookId) => paces[webhookId as 'A' | 'S'],
  );
  for (const name of ['A1', 'S1', 'S2']) scheduler.admit(item(name));
  expect(takeAll(scheduler)).toBe('A1 S1');
  [paces.A.kind, paces.A.stalled, paces.S.kind, paces.S.stalled] = ['slow', true, 'fast', true];
  scheduler.noteStalled(0);
  expect(takeAll(scheduler)).toBe('S2');
});

describe('jobs of one conversation go one at a time and in order', () => {
  test('the second goes when the first is released, however much room there is', () => {
    const scheduler = schedulerWith('A1a A1b A1c');
    expect(takeAll(scheduler)).toBe('A1a');
    scheduler.release(item('A1a'), 0);
    expect(takeAll(scheduler)).toBe('A1b');
    scheduler.release(item('A1b'), 0);
    expect(takeAll(scheduler)).toBe('A1c');
  });

  test('other conversations of the webhook don’t wait for it', () => {
    expect(takeAll(schedulerWith('A1a A1b A2a A3a'))).toBe('A1a A2a A3a');
  });

  test('the same conversation at another webhook is another line', () => {
    expect(takeAll(schedulerWith('A1 B1'))).toBe('A1 B1');
  });

  test('order holds from the first to the last', () => {
    const names = playOut(schedulerWith('A1a A2a A1b A2b A1c', { perWebhook: 1 })).split(' ');
    expect(names.filter((name) => name.startsWith('A1'))).toEqual(['A1a', 'A1b', 'A1c']);
    expect(names.filter((name) => name.startsWith('A2'))).toEqual(['A2a', 'A2b']);
  });

  test('a retry may be overtaken: while it waits elsewhere, it is not in the line', () => {
    const scheduler = schedulerWith('A1a A1b');
    takeAll(scheduler);
    scheduler.release(item('A1a'), 0);
    expect(takeAll(scheduler)).toBe('A1b');
    scheduler.admit(item('A1a'));
    expect(takeAll(scheduler)).toBe('');
    scheduler.release(item('A1b'), 0);
    expect(takeAll(scheduler)).toBe('A1a');
  });
});

describe('what is held is known', () => {
  test('jobs, bytes, webhooks and flights are counted from admission to release', () => {
    const scheduler = schedulerWith('', { inFlight: 10, perWebhook: 10 });
    const jobs = [item('A1', 100), item('A2', 10), item('B1', 1)];
    const state = () => [scheduler.jobs, scheduler.bytes, scheduler.webhooks, scheduler.inFlight];
    for (const job of jobs) scheduler.admit(job);
    expect(state()).toEqual([3, 111, 2, 0]);
    takeAll(scheduler);
    expect(state()).toEqual([3, 111, 2, 3]);
    for (const job of jobs) scheduler.release(job, 0);
    expect(state()).toEqual([0, 0, 0, 0]);
  });

  test('an idle scheduler has nothing to give', () => {
    expect(schedulerWith('').take(0)).toBeUndefined();
  });
});
