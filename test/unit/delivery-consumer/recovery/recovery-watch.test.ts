import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Lease } from '../../../../services/delivery-consumer/recovery/recovery.js';
import { RecoveryWatch } from '../../../../services/delivery-consumer/recovery/recovery-watch.js';

const leaseOf = (webhookId: string): Lease => ({ companyId: 'company_1', webhookId, holds: 1, pokes: 0 });

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
    { recoveries: 10, everyMs: 250, renewEveryMs: 1_000 },
    {
      lease: () => Promise.resolve(due.splice(0)),
      renew: (leases) => {
        renewed.push(leases.map(({ webhookId }) => webhookId).join(' '));
        return Promise.resolve(lost());
      },
      look: ({ webhookId }, stopping) =>
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
