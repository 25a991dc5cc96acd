import { describe, expect, test } from '@jest/globals';
import { DependencyError, PoisonRecord, type Dependency } from '../../../../services/shared/core/errors.js';
import { createPatience, Interrupted } from '../../../../services/shared/platform/process/patience.js';

/** Patience with what it told; gives up after `giveUpMs`. The first pause is at most 100 ms. */
function patience(giveUpMs = 60_000) {
  const told: string[] = [];
  const patiently = createPatience({
    giveUpMs,
    onTrouble: ({ dependency }) => told.push(`${dependency} away`),
    onRecovered: (dependency) => told.push(`${dependency} back`),
    onGiveUp: ({ dependency }) => told.push(`gave up on ${dependency}`),
  });
  return { patiently, told };
}

const away = (dependency: Dependency = 'kafka'): DependencyError => new DependencyError(dependency, 'away');
const never = new AbortController().signal;

/** Throws or rejects with each error in turn, then gives 'done'. */
function failing(errors: readonly Error[], how: 'throws' | 'rejects'): { work: () => unknown; calls: () => number } {
  let calls = 0;
  return {
    calls: () => calls,
    work: () => {
      const error = errors[calls++];
      if (error === undefined) return how === 'throws' ? 'done' : Promise.resolve('done');
      if (how === 'rejects') return Promise.reject(error);
      throw error;
    },
  };
}

describe('work that goes well', () => {
  test('stays synchronous when it is', () => {
    const { patiently, told } = patience();
    expect(patiently(() => 7, never)).toBe(7);
    expect(told).toEqual([]);
  });

  test('resolves when it resolves', async () => {
    const { patiently, told } = patience();
    await expect(patiently(() => Promise.resolve(7), never)).resolves.toBe(7);
    expect(told).toEqual([]);
  });
});

describe.each(['throws', 'rejects'] as const)('work that %s', (how) => {
  test('is tried again until the dependency is back', async () => {
    const { patiently, told } = patience();
    const { work, calls } = failing([away(), away()], how);
    await expect(Promise.resolve(patiently(work, never))).resolves.toBe('done');
    expect([calls(), told]).toEqual([3, ['kafka away', 'kafka away', 'kafka back']]);
  });

  test('with anything else than a DependencyError passes it through', async () => {
    for (const error of [new PoisonRecord('too-large', 'too large'), new TypeError('bug'), new Interrupted('end')]) {
      const { patiently, told } = patience();
      const { work, calls } = failing([error], how);
      await expect(Promise.resolve(patiently(work, never))).rejects.toBe(error);
      expect([calls(), told]).toEqual([1, []]);
    }
  });

  test('first with a DependencyError and then with another passes the other through, and says that the first is over', async () => {
    const { patiently, told } = patience();
    const tooLarge = new PoisonRecord('too-large', 'too large');
    await expect(Promise.resolve(patiently(failing([away(), tooLarge], how).work, never))).rejects.toBe(tooLarge);
    expect(told).toEqual(['kafka away', 'kafka back']);
  });

  test('for one dependency after the other tells of each', async () => {
    const { patiently, told } = patience();
    await patiently(failing([away('mongodb'), away('kafka')], how).work, never);
    expect(told).toEqual(['mongodb away', 'mongodb back', 'kafka away', 'kafka back']);
  });

  test('is left undone when it is interrupted, at once and without another try', async () => {
    const { patiently } = patience();
    const controller = new AbortController();
    const { work, calls } = failing([away(), away(), away()], how);
    const working = Promise.resolve(patiently(work, controller.signal));
    controller.abort();
    await expect(working).rejects.toBeInstanceOf(Interrupted);
    expect(calls()).toBe(1);
  });

  test('is left undone after one try when it was interrupted before', async () => {
    const { patiently } = patience();
    const { work, calls } = failing([away()], how);
    await expect(Promise.resolve(patiently(work, AbortSignal.abort()))).rejects.toBeInstanceOf(Interrupted);
    expect(calls()).toBe(1);
  });
});

test('pauses double, less a third at most by chance: 100 ms, 200 ms, 400 ms', async () => {
  const at: number[] = [];
  const { work } = failing([away(), away(), away()], 'rejects');
  await patience().patiently(() => {
    at.push(performance.now());
    return work();
  }, never);
  const pauses = at.slice(1).map((instant, index) => instant - (at[index] ?? 0));
  for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThan(65 * 2 ** index);
});

test('beyond its time it gives up aloud and goes on trying: ending the process is its owner’s', async () => {
  const { patiently, told } = patience(1);
  await expect(Promise.resolve(patiently(failing([away(), away()], 'rejects').work, never))).resolves.toBe('done');
  expect(told).toEqual(['kafka away', 'kafka away', 'gave up on kafka', 'kafka back']);
});
