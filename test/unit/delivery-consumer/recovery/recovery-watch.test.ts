import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Lease, Look } from '../../../../services/delivery-consumer/recovery/recovery.js';
import { RecoveryWatch } from '../../../../services/delivery-consumer/recovery/recovery-watch.js';

const leaseOf = (webhookId: string): Lease => ({ companyId: 'company_1', webhookId, holds: 1, pokes: 0, leasedAt: 0 });

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** A watch whose looks last until they are told to stop. */
function watchOf(lost: () => readonly Lease[]) {
  const due = [leaseOf('a'), leaseOf('b')];
  const stopped: string[] = [];
  const renewed: string[] = [];
  const watch = new RecoveryWatch(
    { recoveries: 10, everyMs: 250, quietEveryMs: 1_000, renewEveryMs: 1_000 },
    {
      lease: () => Promise.resolve({ leases: due.splice(0), quiet: false }),
      renew: (leases) => {
        renewed.push(leases.map(({ webhookId }) => webhookId).join(' '));
        return Promise.resolve(lost());
      },
      look: ({ webhookId }, { stopping }) =>
        new Promise((resolve) =>
          stopping.addEventListener('abort', () => {
            stopped.push(webhookId);
            resolve();
          }),
        ),
      onError: (error) => {
        throw error;
      },
    },
  );
  watch.start();
  return { watch, stopped, renewed };
}

test('a look whose lease was lost, because the process slept, comes to an end; the others go on', async () => {
  const { watch, stopped, renewed } = watchOf(() => [leaseOf('a')]);
  await jest.advanceTimersByTimeAsync(750);
  expect([watch.size, stopped]).toEqual([2, []]);
  await jest.advanceTimersByTimeAsync(500);
  expect([renewed[0], watch.size, stopped]).toEqual(['a b', 1, ['a']]);
  const ended = watch.stop();
  await jest.advanceTimersByTimeAsync(500);
  await ended;
  expect([watch.size, stopped]).toEqual([0, ['a', 'b']]);
});

test('as long as none is lost, all go on', async () => {
  const { watch, stopped, renewed } = watchOf(() => []);
  await jest.advanceTimersByTimeAsync(4_000);
  expect([watch.size, stopped, renewed.length]).toEqual([2, [], 4]);
  await watch.stop();
});

test('looks that wait for a probe take no places of the others, and are four times as many at most in all', async () => {
  const looks: Look[] = [];
  let due = 100;
  const asked: number[] = [];
  const watch = new RecoveryWatch(
    { recoveries: 4, everyMs: 250, quietEveryMs: 1_000, renewEveryMs: 60_000 },
    {
      lease: (limit) => {
        asked.push(limit);
        const leased = Math.min(limit, due);
        due -= leased;
        const leases = Array.from({ length: leased }, (_, n) => leaseOf(`wh_${due + n}`));
        return Promise.resolve({ leases, quiet: false });
      },
      renew: () => Promise.resolve([]),
      look: (_lease, look) =>
        new Promise((resolve) => {
          looks.push(look);
          look.stopping.addEventListener('abort', () => resolve());
        }),
      onError: (error) => {
        throw error;
      },
    },
  );
  watch.start();
  const poll = () => jest.advanceTimersByTimeAsync(250);
  await poll();
  await poll();
  expect([watch.size, asked]).toEqual([4, [4]]);
  for (let begun = 0; begun < 20; begun += 4) {
    looks.slice(begun).forEach(({ probing }) => probing(true));
    await poll();
  }
  expect([watch.size, asked]).toEqual([16, [4, 4, 4, 4]]);
  // Two have had their answers, and go on with work of their own: nobody else may begin for that.
  looks.slice(0, 2).forEach(({ probing }) => probing(false));
  await poll();
  expect(watch.size).toBe(16);
  await watch.stop();
});

test('those taken together probe one after the other, over the time between two looks', async () => {
  const waits: number[] = [];
  let leases = ['a', 'b', 'c', 'd'].map(leaseOf);
  const watch = new RecoveryWatch(
    { recoveries: 10, everyMs: 500, quietEveryMs: 1_000, renewEveryMs: 60_000 },
    {
      lease: () => Promise.resolve({ leases: leases.splice(0), quiet: false }),
      renew: () => Promise.resolve([]),
      look: (_lease, { probeAfterMs }) => Promise.resolve(void waits.push(probeAfterMs)),
      onError: (error) => {
        throw error;
      },
    },
  );
  watch.start();
  await jest.advanceTimersByTimeAsync(500);
  leases = [leaseOf('e')];
  await jest.advanceTimersByTimeAsync(500);
  expect(waits).toEqual([0, 125, 250, 375, 0]);
  await watch.stop();
});

test('while all is quiet it looks once a second, and four times while something waits or is under way', async () => {
  let found = { leases: [] as Lease[], quiet: true };
  let asked = 0;
  const endings: (() => void)[] = [];
  const watch = new RecoveryWatch(
    { recoveries: 4, everyMs: 250, quietEveryMs: 1_000, renewEveryMs: 60_000 },
    {
      lease: () => {
        asked += 1;
        return Promise.resolve(found);
      },
      renew: () => Promise.resolve([]),
      look: () => new Promise((resolve) => endings.push(resolve)),
      onError: (error) => {
        throw error;
      },
    },
  );
  const asksWithin = async (ms: number): Promise<number> => {
    asked = 0;
    await jest.advanceTimersByTimeAsync(ms);
    return asked;
  };
  watch.start();
  expect(await asksWithin(4_250)).toBe(5);
  found = { leases: [], quiet: false };
  expect(await asksWithin(2_000)).toBe(5);
  found = { leases: [leaseOf('a')], quiet: false };
  await asksWithin(250);
  found = { leases: [], quiet: true };
  expect(await asksWithin(1_000)).toBe(4);
  endings.forEach((end) => end());
  await asksWithin(250);
  expect(await asksWithin(3_000)).toBe(3);
  await watch.stop();
});

test('where it took as many as it has places for, it looks again sooner: more are due', async () => {
  let leases = [leaseOf('a'), leaseOf('b')];
  let asked = 0;
  const watch = new RecoveryWatch(
    { recoveries: 2, everyMs: 500, quietEveryMs: 1_000, renewEveryMs: 60_000 },
    {
      lease: () => {
        asked += 1;
        return Promise.resolve({ leases, quiet: false });
      },
      renew: () => Promise.resolve([]),
      look: () => Promise.resolve(),
      onError: (error) => {
        throw error;
      },
    },
  );
  watch.start();
  await jest.advanceTimersByTimeAsync(1_500);
  expect(asked).toBe(5);
  leases = [leaseOf('a')];
  await jest.advanceTimersByTimeAsync(2_250);
  expect(asked).toBe(10);
  await watch.stop();
});
