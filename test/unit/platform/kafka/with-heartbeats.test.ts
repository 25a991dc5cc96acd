import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { withHeartbeats } from '../../../../services/shared/platform/kafka/with-heartbeats.js';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

const after = <T>(ms: number, value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms));

test('heartbeats go on while the work lasts, and end with it', async () => {
  let beats = 0;
  const beat = (): Promise<void> => {
    beats += 1;
    return Promise.resolve();
  };
  const waiting = withHeartbeats(after(1_050, 'done'), beat, 100);
  await jest.advanceTimersByTimeAsync(1_050);
  await expect(waiting).resolves.toBe('done');
  await jest.advanceTimersByTimeAsync(10_000);
  expect([beats, jest.getTimerCount()]).toEqual([10, 0]);
});

test('work that is done sends none', async () => {
  await expect(withHeartbeats(Promise.resolve('done'), () => Promise.reject(new Error('no')), 100)).resolves.toBe(
    'done',
  );
  expect(jest.getTimerCount()).toBe(0);
});

test('the error of the work is passed on, and the heartbeats end', async () => {
  const bug = new Error('bug');
  await expect(withHeartbeats(Promise.reject(bug), () => Promise.resolve(), 100)).rejects.toBe(bug);
  expect(jest.getTimerCount()).toBe(0);
});

test('the error of a heartbeat (the group is rebalancing) ends the wait, so that kafkajs can join again', async () => {
  const rebalancing = new Error('rebalancing');
  let work = 'under way';
  const waiting = withHeartbeats(
    after(1_000, 'done').then((value) => (work = value)),
    () => Promise.reject(rebalancing),
    100,
  );
  const ended = expect(waiting).rejects.toBe(rebalancing);
  await jest.advanceTimersByTimeAsync(100);
  await ended;
  expect([work, jest.getTimerCount()]).toEqual(['under way', 1]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(work).toBe('done');
});

test('work that fails after its heartbeats failed is nobody’s unhandled rejection', async () => {
  const waiting = withHeartbeats(
    after(500, '').then(() => Promise.reject(new Error('too late'))),
    () => Promise.reject(new Error('rebalancing')),
    100,
  );
  const ended = expect(waiting).rejects.toThrow('rebalancing');
  await jest.advanceTimersByTimeAsync(1_000);
  await ended;
});
