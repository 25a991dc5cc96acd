import { expect, test } from '@jest/globals';
import { closeAll } from '../../faults/close-all.js';
import { unplayedResult } from '../../faults/run-scenario.js';
import { table } from '../../faults/table.js';
import { unlessAborted } from '../../faults/unless-aborted.js';

/** A scenario that can't go on ends by itself, with what it was, and leaves nothing open. */
const never = (): Promise<never> => new Promise(() => undefined);
const REASON = new Error('interrupted by SIGTERM');

test('work that nobody interrupts comes to its own end', async () => {
  const { signal } = new AbortController();
  await expect(unlessAborted(signal, () => Promise.resolve(7))).resolves.toBe(7);
  await expect(unlessAborted(undefined, () => Promise.resolve(8))).resolves.toBe(8);
  await expect(unlessAborted(signal, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
});

test('work that is interrupted is left at once, with the reason', async () => {
  const interruption = new AbortController();
  const outcome = unlessAborted(interruption.signal, never);
  interruption.abort(REASON);
  await expect(outcome).rejects.toBe(REASON);
});

test('after an interruption no work begins', async () => {
  let begun = false;
  const work = (): Promise<void> => Promise.resolve(void (begun = true));
  await expect(unlessAborted(AbortSignal.abort(REASON), work)).rejects.toBe(REASON);
  expect(begun).toBe(false);
});

test('what fails after the interruption disturbs nobody', async () => {
  const interruption = new AbortController();
  let fail = (): void => undefined;
  const work = new Promise<never>((_, reject) => (fail = () => reject(new Error('closed'))));
  const outcome = unlessAborted(interruption.signal, () => work);
  interruption.abort(REASON);
  await expect(outcome).rejects.toBe(REASON);
  fail();
  // An unhandled rejection would end the process here.
  await new Promise((resolve) => setTimeout(resolve, 10));
});

test('one part that can’t be closed keeps none of the others open', async () => {
  const closed: string[] = [];
  const closers = [
    () => closed.push('first'),
    () => Promise.reject(new Error('broken')),
    () => Promise.resolve(closed.push('last')),
  ];
  await expect(closeAll(closers)).rejects.toThrow('broken');
  expect(closed).toEqual(['last', 'first']);
});

test('a scenario that can’t be played is a line of the table, and doesn’t hold', () => {
  const result = unplayedResult({ name: 'kills' }, 7, new Error('no room\nand the end of a log'));
  expect(result).toMatchObject({ scenario: 'kills', seed: 7, lost: 0 });
  expect(table([result])).toMatch(/\| kills .* broken: I7 +\|/);
  expect(table([result])).toMatch(/kills: I7 the scenario could not be played: no room$/m);
});
