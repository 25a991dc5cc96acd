import { describe, expect, test } from '@jest/globals';
import type { AttemptEnd } from '../../../../services/delivery-consumer/handler.js';
import {
  leaseMsFor,
  Recovery,
  type HeldDelivery,
  type RecoveryPorts,
} from '../../../../services/delivery-consumer/recovery/recovery.js';
import type { Circuit } from '../../../../services/shared/core/circuit.js';
import type { FailureEntry } from '../../../../services/shared/core/failure-log.js';
import { attemptIdOf, type Job } from '../../../../services/shared/core/job.js';
import type { Status } from '../../../../services/shared/core/vocabulary.js';
import { HOLD, jobOf, NOW } from '../../../support/samples.js';

const LEASE = { companyId: 'company_1', webhookId: 'wh_1', holds: 1, pokes: 0, leasedAt: NOW };
/** The endpoint asked to wait for 700 ms. */
const ASKED = { postponedUntil: NOW + 700 };
const OPEN: Circuit = { openedAt: NOW - 3_000, probes: 0, nextProbeAt: NOW };

function heldOf(...names: readonly string[]): HeldDelivery[] {
  return names.map((jobId) => ({ job: jobOf({ jobId, conversationId: jobId }), expiresAt: NOW + 1_000 }));
}

interface Given {
  readonly held?: HeldDelivery[];
  readonly status?: Status | 'deleted';
  readonly circuit?: Circuit | null;
  readonly ends?: Readonly<Record<string, AttemptEnd>>;
  readonly inFlight?: number;
  readonly ports?: Partial<RecoveryPorts>;
}

/** One webhook, what is held for it, and everything that was done, in order. */
function worldOf({
  held = heldOf('a'),
  status = 'failed',
  circuit = OPEN,
  ends = {},
  inFlight = 4,
  ports = {},
}: Given = {}) {
  const did: string[] = [];
  const entries: FailureEntry[] = [];
  const onDeliver = (): unknown => undefined;
  const world = { did, entries, held, status, circuit, inFlight: 0, mostInFlight: 0, probing: false, onDeliver };
  const endOf = (jobId: string): AttemptEnd => ends[jobId] ?? 'delivered';
  /** As the attempt does: held anew, with the wait. */
  const holdOn = (job: Job): void => {
    const postponed = { ...job, postponed: job.postponed + 1, notBefore: ASKED.postponedUntil };
    world.held = [{ job: postponed, expiresAt: NOW + 1_000 }, ...world.held];
  };
  const all: RecoveryPorts = {
    stateOf: () =>
      Promise.resolve(
        world.status === 'deleted' ? undefined : { version: 7, status: world.status, circuit: world.circuit },
      ),
    probeFailed: ({ probe, openedAt, notBefore }) => {
      did.push(`probe ${probe} failed${notBefore === 0 ? '' : `, next not before ${notBefore - NOW}`}`);
      world.circuit = { openedAt, probes: probe, nextProbeAt: NOW + 6_000 };
      return Promise.resolve();
    },
    first: () => Promise.resolve(world.held[0]),
    oldest: (_lease, limit) => Promise.resolve(world.held.slice(0, limit)),
    remove: (_lease, ids) => {
      if (ids.length > 0) did.push(`remove ${ids.join(' ')}`);
      world.held = world.held.filter(({ job }) => !ids.includes(attemptIdOf(job)));
      return Promise.resolve();
    },
    putOff: (_lease, dueAt) => Promise.resolve(void did.push(`put off ${dueAt - NOW}`)),
    giveTurn: () => Promise.resolve(void did.push('give turn')),
    end: () => Promise.resolve(did.push('end') > 0),
    refreshUnless: () => undefined,
    isBusy: () => false,
    probe: ({ jobId }) => {
      did.push(`probe ${jobId}`);
      if (endOf(jobId) === 'delivered') Object.assign(world, { status: 'active', circuit: null });
      return Promise.resolve(endOf(jobId));
    },
    deliver: async (job) => {
      const { jobId } = job;
      did.push(`deliver ${jobId}`);
      if (typeof endOf(jobId) === 'object') holdOn(job);
      world.onDeliver();
      world.mostInFlight = Math.max(world.mostInFlight, (world.inFlight += 1));
      await new Promise((resolve) => setImmediate(resolve));
      world.inFlight -= 1;
      return endOf(jobId);
    },
    logFailure: (entry) => Promise.resolve(void entries.push(entry)),
    pause: () => Promise.resolve(),
    now: () => NOW,
    random: () => 0,
    observe: {
      probed: () => undefined,
      recovered: () => undefined,
      discarded: ({ jobId }, reason) => did.push(`discarded ${jobId} ${reason}`),
      dropped: ({ jobId }, reason) => did.push(`dropped ${jobId} ${reason}`),
    },
    ...ports,
  };
  const look = async (stopping = new AbortController().signal): Promise<readonly string[]> => {
    const recovery = new Recovery({ hold: HOLD, maxWaitMs: 900_000, inFlight }, all);
    const probing = (isProbing: boolean): void => void (world.probing = isProbing);
    await recovery.look(LEASE, { stopping, probeAfterMs: 70, probing });
    return did;
  };
  return Object.assign(world, { look });
}

describe('a Failed webhook', () => {
  test('is left alone until its probe is due', async () => {
    expect(await worldOf({ circuit: { ...OPEN, nextProbeAt: NOW + 500 } }).look()).toEqual(['put off 500']);
  });

  test('is probed up to a third of the wait and 4 s later than that, not with all that failed in the same moment', async () => {
    const due = { circuit: { ...OPEN, nextProbeAt: NOW + 6_000 } };
    expect(await worldOf({ ...due, ports: { random: () => 0.25 } }).look()).toEqual(['put off 6500']);
    expect(await worldOf({ ...due, ports: { random: () => 0.9999 } }).look()).toEqual(['put off 7999']);
    const late = { circuit: { ...OPEN, nextProbeAt: NOW + 900_000 } };
    expect(await worldOf({ ...late, ports: { random: () => 0.5 } }).look()).toEqual(['put off 902000']);
    expect((await worldOf({ ports: { random: () => 0.9999 } }).look())[0]).toBe('probe a');
  });

  test.each(['failed', 'active'] as const)('is attempted as it is now, not as a cache knew it (%s)', async (status) => {
    const refreshUnless: RecoveryPorts['refreshUnless'] = (_lease, state) =>
      void world.did.push(`all but ${state.version} ${state.status}`);
    const world = worldOf({ status, ports: { refreshUnless } });
    expect((await world.look()).slice(0, 2)).toEqual([
      `all but 7 ${status}`,
      status === 'failed' ? 'probe a' : 'deliver a',
    ]);
  });

  test('whose endpoint asks to wait at a probe: its circuit hears of it', async () => {
    const world = worldOf({ ends: { a: ASKED } });
    expect((await world.look()).slice(0, 3)).toEqual(['probe a', 'remove a:1', 'probe 1 failed, next not before 700']);
  });

  test('is probed with its oldest event alone; one that fails puts the next probe off', async () => {
    const world = worldOf({ held: heldOf('a', 'b'), ends: { a: 'failed' } });
    expect(await world.look()).toEqual(['probe a', 'remove a:1', 'probe 1 failed', 'put off 6000']);
  });

  test('that answers 2xx gets the others in its next turn, in order', async () => {
    const world = worldOf({ held: heldOf('a', 'b', 'c') });
    expect(await world.look()).toEqual(['probe a', 'remove a:1', 'give turn']);
    world.did.length = 0;
    const did = await world.look();
    expect(did.filter((step) => !step.startsWith('remove'))).toEqual(['deliver b', 'deliver c', 'end']);
    expect(world.held).toEqual([]);
  });

  test.each(['delivered', 'failed', 'interrupted'] as const)('tells that its probe is under way: %s', async (end) => {
    const told: boolean[] = [];
    const world = worldOf({
      ports: {
        probe: () => {
          told.push(world.probing);
          return end === 'interrupted' ? Promise.reject(new Error(end)) : Promise.resolve(end);
        },
      },
    });
    await world.look().catch(() => undefined);
    expect([told, world.probing]).toEqual([[true], false]);
  });

  test('is probed after its share of the time, in which it waits for its probe', async () => {
    const paused: (readonly [ms: number, probing: boolean])[] = [];
    const pause: RecoveryPorts['pause'] = (ms) => Promise.resolve(void paused.push([ms, world.probing]));
    const world = worldOf({ ports: { pause } });
    expect((await world.look())[0]).toBe('probe a');
    expect(paused).toEqual([[70, true]]);
  });

  test('is not probed by a process that stops meanwhile', async () => {
    const stopping = new AbortController();
    const world = worldOf({ ports: { pause: () => Promise.resolve(stopping.abort()) } });
    expect([await world.look(stopping.signal), world.probing]).toEqual([['give turn'], false]);
  });

  test('is not probed by a process that slept meanwhile: another may have its lease', async () => {
    const clock = { now: NOW };
    const pause = () => Promise.resolve(void (clock.now += 5_000));
    expect(await worldOf({ ports: { pause, now: () => clock.now } }).look()).toEqual(['give turn']);
  });

  test('is not probed by a process that slept while it took the lease, either', async () => {
    const held = heldOf('a').map((each) => ({ ...each, expiresAt: NOW + 60_000 }));
    expect(await worldOf({ held, ports: { now: () => NOW + 5_000 } }).look()).toEqual(['give turn']);
    expect((await worldOf({ held, ports: { now: () => NOW + 4_999 } }).look())[0]).toBe('probe a');
  });

  test.each([
    [20_000, 30_000],
    [1_000, 30_000],
    [60_000, 70_000],
  ])('with a time-out of %i ms is leased for %i ms: longer than its probe may take', (timeoutMs, leaseMs) => {
    expect(leaseMsFor(timeoutMs)).toBe(leaseMs);
  });

  test('that failed before there were circuits is probed at once', async () => {
    const world = worldOf({ circuit: null, ends: { a: 'failed' } });
    expect(await world.look()).toEqual(['probe a', 'remove a:1', 'probe 1 failed', 'put off 6000']);
  });

  test('with nothing held any more is looked at no more', async () => {
    expect(await worldOf({ held: [] }).look()).toEqual(['end']);
  });

  test('for which something was held in that moment is looked at again', async () => {
    expect(await worldOf({ held: [], ports: { end: () => Promise.resolve(false) } }).look()).toEqual(['put off 0']);
  });

  test('loses what is too old, with an entry in the failure log for each', async () => {
    const [old] = heldOf('old') as [HeldDelivery];
    const world = worldOf({
      held: [{ ...old, expiresAt: NOW }, ...heldOf('a')],
    });
    expect(await world.look()).toEqual([
      'remove old:1',
      'dropped old held-expired',
      'probe a',
      'remove a:1',
      'give turn',
    ]);
    expect(world.entries).toMatchObject([
      { attemptId: 'old:1', cause: { kind: 'held-expired' }, followUp: { kind: 'dropped' } },
    ]);
  });
});

describe('an Active webhook', () => {
  test('gets what is held in order, one at first and never more at a time than the bound', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `e${index}`);
    const world = worldOf({ status: 'active', held: heldOf(...names) });
    const did = await world.look();
    expect(did.filter((step) => step.startsWith('deliver'))).toEqual(names.map((name) => `deliver ${name}`));
    expect(did.slice(0, 2)).toEqual(['deliver e0', 'deliver e1']);
    expect([world.mostInFlight, world.held, did.at(-1)]).toEqual([4, [], 'end']);
  });

  test('gets one at a time while live events wait for a place at its endpoint', async () => {
    const held = heldOf('a', 'b', 'c', 'd', 'e', 'f');
    const world = worldOf({ status: 'active', held, ports: { isBusy: () => world.held.length > 0 } });
    expect([(await world.look()).at(-1), world.mostInFlight]).toEqual(['end', 1]);
  });

  test('has its turn for five seconds, then others have theirs; at least one event goes out in each', async () => {
    for (const [msPerEvent, delivered] of [
      [1_000, 5],
      [6_000, 1],
    ] as const) {
      const clock = { now: NOW };
      const names = Array.from({ length: 20 }, (_, index) => `e${index}`);
      const world = worldOf({ status: 'active', held: heldOf(...names), inFlight: 1, ports: { now: () => clock.now } });
      world.onDeliver = () => (clock.now += msPerEvent);
      const did = await world.look();
      expect(did.filter((step) => step.startsWith('deliver'))).toHaveLength(delivered);
      expect([did.at(-1), world.held.length]).toEqual(['give turn', 20 - delivered]);
    }
  });

  test('that fails again meanwhile keeps what was not attempted', async () => {
    const world = worldOf({ status: 'active', held: heldOf('a', 'b', 'c'), ends: { b: 'held', c: 'held' } });
    const did = await world.look();
    expect(did.at(-1)).toBe('put off 250');
    expect(world.held.map(({ job }) => job.jobId)).toEqual(['b', 'c']);
  });

  test('whose held event fails is done with it here: the retry goes its own way', async () => {
    const world = worldOf({ status: 'active', ends: { a: 'failed' } });
    expect(await world.look()).toEqual(['deliver a', 'remove a:1', 'end']);
  });

  test('whose endpoint asks to wait gets nothing until then: what is held behind it waits, too', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const world = worldOf({ status: 'active', held: heldOf(...names), ends: { b: ASKED }, inFlight: 1 });
    expect(await world.look()).toEqual(['deliver a', 'deliver b', 'remove a:1 b:1', 'put off 700']);
    expect(world.held.map(({ job }) => attemptIdOf(job))).toEqual(['b:1+1', 'c:1', 'd:1', 'e:1']);
    world.did.length = 0;
    expect(await world.look()).toEqual(['put off 700']);
  });

  test('that asked to wait for long is looked at meanwhile: it may be Failed by then, and due for a probe', async () => {
    const [held] = heldOf('a') as [HeldDelivery];
    const world = worldOf({ status: 'active', held: [{ ...held, job: { ...held.job, notBefore: NOW + 900_000 } }] });
    expect(await world.look()).toEqual(['put off 5000']);
    Object.assign(world, { status: 'failed', circuit: OPEN });
    expect((await world.look())[1]).toBe('probe a');
  });

  test('that asked to wait in the middle of what is held gets what comes before', async () => {
    const [a, b, c] = heldOf('a', 'b', 'c') as [HeldDelivery, HeldDelivery, HeldDelivery];
    const waiting = { ...b, job: { ...b.job, notBefore: NOW + 700 } };
    const world = worldOf({ status: 'active', held: [a, waiting, c] });
    expect(await world.look()).toEqual(['deliver a', 'remove a:1', 'put off 700']);
  });

  test('with an event that was held by a clock far ahead gets it now', async () => {
    const [held] = heldOf('a') as [HeldDelivery];
    const world = worldOf({ status: 'active', held: [{ ...held, job: { ...held.job, notBefore: NOW + 900_001 } }] });
    expect(await world.look()).toEqual(['deliver a', 'remove a:1', 'end']);
  });

  test('keeps everything when an attempt is interrupted', async () => {
    const interrupted = new Error('interrupted');
    const world = worldOf({ status: 'active', ports: { deliver: () => Promise.reject(interrupted) } });
    await expect(world.look()).rejects.toBe(interrupted);
    expect(world.held).toHaveLength(1);
  });
});

describe('a webhook that wants nothing', () => {
  test.each([
    ['inactive', 'webhook-inactive'],
    ['deleted', 'webhook-deleted'],
  ] as const)('%s: what was held is discarded', async (status, reason) => {
    const world = worldOf({ status, held: heldOf('a', 'b') });
    expect(await world.look()).toEqual(['remove a:1 b:1', `discarded a ${reason}`, `discarded b ${reason}`, 'end']);
  });
});

test('a process that stops begins nothing and gives the lease back at once', async () => {
  const stopping = new AbortController();
  stopping.abort();
  expect(await worldOf().look(stopping.signal)).toEqual(['give turn']);
});
