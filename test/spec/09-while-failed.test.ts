import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  probeDelayMs,
  reduceCircuit,
  TRANSITIONS,
  type Circuit,
  type CircuitFact,
  type CircuitState,
} from '../../services/shared/core/circuit.js';
import { compileHoldPolicy, hasRoomFor } from '../../services/shared/core/hold.js';
import type { Status } from '../../services/shared/core/vocabulary.js';
import { RecoveryWindow } from '../../services/delivery-consumer/recovery/recovery-window.js';
import { FAILED, HOLD, NOW } from '../support/samples.js';

/**
 * Chapter 9: while Failed, nothing is lost and recovery is quick.
 *
 * "Failed is a circuit breaker that the customer can see. New events for the webhook, and attempts still owed, are held
 * with the attempts they have left (bounded by count, bytes and age, all settings). One held event at a time is tried as
 * a probe, 3 s after the failure, then 6, 12, 24 s … up to 15 min. A 2xx makes the webhook Active again and the held
 * events follow in order, throttled, behind live traffic. An Owner can press Enable at any time, which does the same at
 * once." What happens around it (held, dropped, probed) is chapter 6; recovery.test.ts tells how it is looked after.
 */
const OPEN: Circuit = { openedAt: NOW, probes: 0, nextProbeAt: NOW + 3_000 };
const failed = (circuit: Partial<Circuit> = {}): CircuitState => ({
  status: 'failed',
  circuit: { ...OPEN, ...circuit },
});
const ACTIVE: CircuitState = { status: 'active', circuit: null };
const INACTIVE: CircuitState = { status: 'inactive', circuit: null };
const after = (state: CircuitState, fact: CircuitFact): CircuitState => reduceCircuit(state, fact, FAILED);

describe('the pause before a probe', () => {
  test.each([
    [0, 3_000],
    [1, 6_000],
    [2, 12_000],
    [3, 24_000],
    [7, 384_000],
    [8, 768_000],
    [9, 900_000],
    [10_000, 900_000],
  ])('after %i failed probes is %i ms', (probes, pauseMs) => {
    expect(probeDelayMs(probes, FAILED)).toBe(pauseMs);
  });
});

describe('what each fact does in each status', () => {
  const at = NOW + 3_000;
  const probeFailed = { kind: 'probe-failed', at, openedAt: NOW, dueAt: at, probe: 1, notBefore: 0 } as const;

  test.each<[string, CircuitState, CircuitFact, CircuitState]>([
    ['active, tripped', ACTIVE, { kind: 'tripped', at: NOW }, failed()],
    ['active, recovered', ACTIVE, { kind: 'recovered', at }, ACTIVE],
    ['active, a probe failed', ACTIVE, probeFailed, ACTIVE],
    ['active, gone', ACTIVE, { kind: 'gone', at }, INACTIVE],
    ['active, enabled', ACTIVE, { kind: 'enabled', at }, ACTIVE],
    ['active, disabled', ACTIVE, { kind: 'disabled', at }, INACTIVE],
    ['active, edited', ACTIVE, { kind: 'edited', at }, ACTIVE],
    ['failed, tripped again', failed(), { kind: 'tripped', at }, failed()],
    ['failed, recovered', failed(), { kind: 'recovered', at }, ACTIVE],
    ['failed, a probe failed', failed(), probeFailed, failed({ probes: 1, nextProbeAt: at + 6_000 })],
    [
      'failed before there were circuits, a probe failed',
      { status: 'failed', circuit: null },
      probeFailed,
      failed({ probes: 1, nextProbeAt: at + 6_000 }),
    ],
    [
      'failed, a probe failed and its endpoint asked to wait longer',
      failed(),
      { ...probeFailed, notBefore: at + 600_000 },
      failed({ probes: 1, nextProbeAt: at + 600_000 }),
    ],
    [
      'failed, a probe failed and its endpoint asked to wait for less',
      failed(),
      { ...probeFailed, notBefore: at + 3_000 },
      failed({ probes: 1, nextProbeAt: at + 6_000 }),
    ],
    ['failed, gone', failed(), { kind: 'gone', at }, INACTIVE],
    ['failed, enabled', failed(), { kind: 'enabled', at }, ACTIVE],
    ['failed, disabled', failed(), { kind: 'disabled', at }, INACTIVE],
    ['failed, edited', failed({ probes: 7, nextProbeAt: at + 9 }), { kind: 'edited', at }, failed({ nextProbeAt: at })],
    ['inactive, tripped', INACTIVE, { kind: 'tripped', at }, INACTIVE],
    ['inactive, recovered', INACTIVE, { kind: 'recovered', at }, INACTIVE],
    ['inactive, a probe failed', INACTIVE, probeFailed, INACTIVE],
    ['inactive, gone', INACTIVE, { kind: 'gone', at }, INACTIVE],
    ['inactive, enabled', INACTIVE, { kind: 'enabled', at }, ACTIVE],
    ['inactive, disabled', INACTIVE, { kind: 'disabled', at }, INACTIVE],
    ['inactive, edited', INACTIVE, { kind: 'edited', at }, INACTIVE],
  ])('%s', (_what, before, fact, expected) => {
    expect(after(before, fact)).toEqual(expected);
  });

  test('the table is whole: every fact in every status', () => {
    const facts = Object.keys(TRANSITIONS.active).sort();
    expect(facts).toHaveLength(7);
    for (const row of Object.values(TRANSITIONS)) expect(Object.keys(row).sort()).toEqual(facts);
  });
});

describe('a failed probe that is told late or twice changes nothing', () => {
  const dueAt = NOW + 3_000;
  const fact = { kind: 'probe-failed', at: NOW + 5_000, openedAt: NOW, dueAt, probe: 1, notBefore: 0 } as const;

  test.each<[string, CircuitState]>([
    ['told twice', after(failed(), fact)],
    ['of an earlier circuit', failed({ openedAt: NOW - 1 })],
    [
      'begun before an edit, which has the new endpoint probed at once',
      after(failed(), { kind: 'edited', at: NOW + 4_000 }),
    ],
  ])('%s', (_what, state) => {
    expect(state.status).toBe('failed');
    expect(after(state, fact)).toBe(state);
  });
});

test('only a Failed webhook has a circuit, and it always has one, whatever happens in whatever order', () => {
  // Few, so that probes are often those that were due.
  const instant = fc.nat(4).map((pauses) => NOW + 3_000 * pauses);
  const fact = fc.oneof(
    fc.record({ kind: fc.constantFrom('tripped', 'recovered', 'gone', 'enabled', 'disabled', 'edited'), at: instant }),
    fc.record({
      kind: fc.constant('probe-failed'),
      ...{ at: instant, openedAt: instant, dueAt: instant, notBefore: instant, probe: fc.nat(3) },
    }),
  ) as fc.Arbitrary<CircuitFact>;
  const start = fc.constantFrom<Status>('active', 'failed', 'inactive');
  fc.assert(
    fc.property(start, fc.array(fact, { maxLength: 40 }), (status, facts) => {
      let state: CircuitState = status === 'failed' ? failed() : { status, circuit: null };
      for (const each of facts) {
        state = after(state, each);
        expect(state.circuit !== null).toBe(state.status === 'failed');
      }
    }),
  );
});

describe('what is held is bounded by count and bytes', () => {
  const policy = { ...HOLD, maxEvents: 2, maxBytes: 100 };

  test.each([
    ['nothing is held', 0, 0, 100, true],
    ['one is held', 1, 60, 40, true],
    ['the bytes would be exceeded', 1, 60, 41, false],
    ['the count is reached', 2, 2, 1, false],
  ])('%s', (_what, events, bytes, more, room) => {
    expect(hasRoomFor(more, { events, bytes }, policy)).toBe(room);
  });

  test.each(['maxEvents', 'maxBytes', 'maxAgeMs'] as const)('a nonsensical %s is refused by its name', (field) => {
    expect(() => compileHoldPolicy({ ...HOLD, [field]: 0 })).toThrow(field);
  });
});

describe('held events follow throttled', () => {
  test('one at first, one more with each success up to the bound, half with each failure', () => {
    const window = new RecoveryWindow(4);
    const sizes = [window.size];
    for (const success of [true, true, true, true, false, false, false, true]) {
      if (success) window.succeeded();
      else window.failed();
      sizes.push(window.size);
    }
    expect(sizes).toEqual([1, 2, 3, 4, 4, 2, 1, 1, 2]);
  });
});
