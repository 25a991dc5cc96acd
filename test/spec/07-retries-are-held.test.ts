import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createRetryHold, type RetryHold, type RetryPorts } from '../../services/retry-consumer/handler.js';
import { dueAt, holdFor } from '../../services/shared/core/delay.js';
import type { Job } from '../../services/shared/core/job.js';
import { PartitionProgress } from '../../services/shared/core/partition-progress.js';
import { jobOf, NOW } from '../support/samples.js';

/**
 * Chapter 7: retries are held until they are due.
 *
 * "2 retries, 3 s apart"; "3 s means 3.0 to 3.2 s at p99". "A retry is the same job; one topic per fixed delay. The
 * retry consumer puts each back on its lane when it is due: no sleep in a handler." Never longer than the topic's delay:
 * a clock that jumps, or a record from the future, may make a retry early or late but can't stall the topic.
 */
const DELAY = 3_000;

describe('how long a retry is held', () => {
  test.each([
    ['due in 3 s', NOW + 3_000, 3_000],
    ['due in 1 ms', NOW + 1, 1],
    ['due now', NOW, 0],
    ['overdue, because we were down', NOW - 3_600_000, 0],
    ['from the future, or our clock went back an hour', NOW + 3_600_000, 3_000],
    ['without a time', 0, 0],
  ])('%s', (_case, notBefore, heldMs) => {
    expect(holdFor(notBefore, NOW, DELAY)).toBe(heldMs);
  });
});

describe('when a retry is due', () => {
  test.each([
    ['when it asks to be', NOW + 2_995, NOW, NOW + 2_995],
    ['when it asks to be, although we were down since', NOW - 1, NOW - 3_000, NOW - 1],
    [
      'close to the delay after the broker took it in, where a slow clock asks for the past',
      NOW - 3_600_000,
      NOW,
      NOW + 2_800,
    ],
    ['the same where that clock is slow by 2 s only', NOW + 1_000, NOW, NOW + 2_800],
    ['the same where its own failure took a minute to be written', NOW - 57_000, NOW, NOW + 2_800],
  ])('%s', (_case, notBefore, appendedAt, due) => {
    expect(dueAt(notBefore, appendedAt, DELAY)).toBe(due);
  });
});

describe('the hold', () => {
  let published: string[];
  let lateness: number[];
  let errors: unknown[];
  const progress = () => new PartitionProgress('webhooks.retry-3s', 0);
  const portsOf = (overrides: Partial<RetryPorts> = {}): RetryPorts => ({
    publish: (job) => {
      published.push(`${job.jobId} at ${Date.now() - NOW}`);
      return Promise.resolve();
    },
    now: Date.now,
    observeLateness: (ms) => lateness.push(ms),
    onError: (error) => errors.push(error),
    ...overrides,
  });
  const retry = (jobId: string, dueInMs: number, overrides: Partial<Job> = {}): Job =>
    jobOf({ jobId, attempt: 2, notBefore: NOW + dueInMs, ...overrides });

  beforeEach(() => {
    [published, lateness, errors] = [[], [], []];
    jest.useFakeTimers({ now: NOW });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  test('publishes each when it is due, finishes its record when that is acknowledged, and tells how late it was', async () => {
    const hold = createRetryHold(DELAY, portsOf());
    const partition = progress();
    const records = [10, 11].map((offset) => partition.admit(offset));
    hold.hold(retry('a', 1_000), records[0]!, NOW - DELAY);
    hold.hold(retry('b', 2_500), records[1]!, NOW - DELAY);
    await jest.advanceTimersByTimeAsync(999);
    expect([published, records[0]?.finished]).toEqual([[], false]);
    await jest.advanceTimersByTimeAsync(1);
    expect([published, records[0]?.finished, records[1]?.finished]).toEqual([['a at 1000'], true, false]);
    await jest.advanceTimersByTimeAsync(1_500);
    expect([published, records[1]?.finished, lateness]).toEqual([['a at 1000', 'b at 2500'], true, [0, 0]]);
  });

  test('publishes the very job, on the lane that it carries', async () => {
    const jobs: Job[] = [];
    const hold = createRetryHold(DELAY, portsOf({ publish: (job) => (jobs.push(job), Promise.resolve()) }));
    const job = retry('a', 100, { lane: 'overflow' });
    hold.hold(job, progress().admit(0), NOW - DELAY);
    await jest.advanceTimersByTimeAsync(100);
    expect(jobs).toEqual([job]);
  });

  test('a record that was waiting behind others for longer goes first, whatever its place in the partition', async () => {
    const hold = createRetryHold(DELAY, portsOf());
    const partition = progress();
    hold.hold(retry('later', 3_000), partition.admit(0), NOW - DELAY);
    hold.hold(retry('overdue', -60_000), partition.admit(1), NOW - 63_000);
    await jest.advanceTimersByTimeAsync(3_000);
    expect(published).toEqual(['overdue at 0', 'later at 3000']);
    expect(lateness[0]).toBe(60_000);
  });

  test.each([
    ['an hour back', -3_600_000],
    ['an hour forward', 3_600_000],
  ])(
    'our clock jumps %s: what waits isn’t touched, what comes then is held no longer than the delay',
    async (_way, jump) => {
      const done: string[] = [];
      const hold = createRetryHold(DELAY, portsOf({ publish: (job) => (done.push(job.jobId), Promise.resolve()) }));
      const partition = progress();
      hold.hold(retry('before', 3_000), partition.admit(0), NOW - DELAY);
      await jest.advanceTimersByTimeAsync(1_000);
      jest.setSystemTime(NOW + 1_000 + jump);
      hold.hold(retry('after', 4_000), partition.admit(1), NOW - DELAY);
      await jest.advanceTimersByTimeAsync(2_000);
      expect(done).toContain('before');
      await jest.advanceTimersByTimeAsync(1_000);
      expect([...done].sort()).toEqual(['after', 'before']);
    },
  );

  test('a partition that was lost meanwhile: nothing is published, the new owner will', async () => {
    const hold = createRetryHold(DELAY, portsOf());
    const partition = progress();
    hold.hold(retry('a', 1_000), partition.admit(0), NOW - DELAY);
    partition.revoke();
    await jest.advanceTimersByTimeAsync(DELAY);
    expect([published, lateness, hold.jobs, hold.bytes]).toEqual([[], [], 0, 0]);
  });

  test('a publish that fails: the record stays unfinished, so it comes again', async () => {
    const interrupted = new Error('interrupted');
    const hold = createRetryHold(DELAY, portsOf({ publish: () => Promise.reject(interrupted) }));
    const record = progress().admit(0);
    hold.hold(retry('a', 0), record, NOW - DELAY);
    await jest.advanceTimersByTimeAsync(1);
    expect([record.finished, errors, hold.jobs, hold.bytes]).toEqual([false, [interrupted], 0, 0]);
  });

  test('jobs and bytes are known, those being published included', async () => {
    let acknowledge = (): void => undefined;
    const publish = (): Promise<void> => new Promise((resolve) => (acknowledge = resolve));
    const hold = createRetryHold(DELAY, portsOf({ publish }));
    const partition = progress();
    const body = Buffer.alloc(100);
    hold.hold(retry('a', 0, { body }), partition.admit(0), NOW - DELAY);
    hold.hold(retry('b', 2_000, { body }), partition.admit(1), NOW - DELAY);
    await jest.advanceTimersByTimeAsync(1);
    expect([hold.jobs, hold.bytes]).toEqual([2, 200]);
    acknowledge();
    await jest.advanceTimersByTimeAsync(0);
    expect([hold.jobs, hold.bytes]).toEqual([1, 100]);
  });

  test('stopping forgets what waits and waits for what is being published', async () => {
    let acknowledge = (): void => undefined;
    const publish = (): Promise<void> => new Promise((resolve) => (acknowledge = resolve));
    const hold = createRetryHold(DELAY, portsOf({ publish }));
    const partition = progress();
    const records = [0, 1].map((offset) => partition.admit(offset));
    hold.hold(retry('due', 0), records[0]!, NOW - DELAY);
    hold.hold(retry('waiting', 2_000), records[1]!, NOW - DELAY);
    await jest.advanceTimersByTimeAsync(1);
    let stopped = false;
    const stopping = hold.stop().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(DELAY);
    expect(stopped).toBe(false);
    acknowledge();
    await stopping;
    expect(records.map(({ finished }) => finished)).toEqual([true, false]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the topic for longer waits', () => {
  const ROUND_MS = 60_000;
  const MAX_WAIT_MS = 900_000;
  let did: string[];
  const note = (what: string) => (job: Job) =>
    Promise.resolve(void did.push(`${what} ${job.jobId} at ${Date.now() - NOW}`));
  const longHold = (): RetryHold =>
    createRetryHold(ROUND_MS, {
      publish: note('publish'),
      rounds: { putBack: note('put back'), maxWaitMs: MAX_WAIT_MS },
      now: Date.now,
      observeLateness: () => undefined,
      onError: (error) => did.push(String(error)),
    });

  beforeEach(() => {
    did = [];
    jest.useFakeTimers({ now: NOW });
  });
  afterEach(() => void jest.useRealTimers());

  test('holds a job for its own delay at most, and puts one that is not due then back to its end', async () => {
    const hold = longHold();
    const progress = new PartitionProgress('webhooks.retry-60s', 0);
    const jobs = { short: 20_000, exact: 60_000, long: 150_000 };
    Object.entries(jobs).forEach(([jobId, dueInMs], offset) =>
      hold.hold(jobOf({ jobId, notBefore: NOW + dueInMs }), progress.admit(offset), NOW),
    );
    await jest.advanceTimersByTimeAsync(60_000);
    expect(did).toEqual(['publish short at 20000', 'publish exact at 60000', 'put back long at 60000']);
    expect(progress.positionBeyond(-1)).toBe(3);
  });

  test.each([
    ['that is read late goes on by its age', -45_000, 15_000],
    ['that is read later than its round goes on soon', -90_000, 1_000],
    ['of a broker whose clock is ahead keeps to the delay', 3_600_000, 60_000],
  ])('a record %s', async (_what, appendedMs, roundMs) => {
    const hold = longHold();
    const progress = new PartitionProgress('webhooks.retry-60s', 0);
    hold.hold(jobOf({ jobId: 'long', notBefore: NOW + 150_000 }), progress.admit(0), NOW + appendedMs);
    await jest.advanceTimersByTimeAsync(ROUND_MS);
    expect(did).toEqual([`put back long at ${roundMs}`]);
  });

  test.each([
    ['is a clock’s difference beyond what an endpoint may ask for waits on', MAX_WAIT_MS + 30_000, 'put back'],
    ['is years ahead goes on after one round', 1e11, 'publish'],
  ])('a job whose instant %s', async (_what, dueInMs, end) => {
    const hold = longHold();
    const progress = new PartitionProgress('webhooks.retry-60s', 0);
    hold.hold(jobOf({ jobId: 'job', notBefore: NOW + dueInMs }), progress.admit(0), NOW);
    await jest.advanceTimersByTimeAsync(ROUND_MS);
    expect(did).toEqual([`${end} job at ${ROUND_MS}`]);
  });

  /** Waits of a quarter of an hour, ten times as many as are held in memory. */
  test('fear: one endpoint with long waits makes those of others late by more than a round', async () => {
    const [memory, waits] = [500, 5_000];
    const log: { readonly job: Job; readonly appendedAt: number }[] = [];
    const lateness: number[] = [];
    const append = (job: Job): Promise<void> => Promise.resolve(void log.push({ job, appendedAt: Date.now() }));
    const hold = createRetryHold(ROUND_MS, {
      publish: (job) => Promise.resolve(void (job.jobId === 'other' && lateness.push(Date.now() - job.notBefore))),
      rounds: { putBack: append, maxWaitMs: MAX_WAIT_MS },
      now: Date.now,
      observeLateness: () => undefined,
      onError: (error) => did.push(String(error)),
    });
    const progress = new PartitionProgress('webhooks.retry-60s', 0);
    let read = 0;
    const readOn = (): void => {
      for (let next = log[read]; next !== undefined && hold.jobs < memory; next = log[read]) {
        hold.hold(next.job, progress.admit(read), next.appendedAt);
        read += 1;
      }
    };
    for (let n = 0; n < waits; n += 1) await append(jobOf({ jobId: 'greedy', notBefore: NOW + 900_000 }));
    for (let second = 0; second < 900; second += 1) {
      if (second % 10 === 0) await append(jobOf({ jobId: 'other', notBefore: Date.now() + 90_000 }));
      readOn();
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(did).toEqual([]);
    expect(lateness.length).toBeGreaterThan(60);
    expect(Math.max(...lateness)).toBeLessThanOrEqual(ROUND_MS);
  });
});
