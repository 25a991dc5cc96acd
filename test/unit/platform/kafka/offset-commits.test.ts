import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { BatchPayload } from '../../../../services/shared/platform/kafka/fetch-loops.js';
import { FetchedBatch } from '../../../../services/shared/platform/kafka/fetched-batch.js';
import { COMMIT_EVERY_MS, OffsetCommits } from '../../../../services/shared/platform/kafka/offset-commits.js';

/** What a crash doubles is bounded: by a number of records, and by 600 ms. */
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const message = { key: null, value: Buffer.from('x'), timestamp: '0', attributes: 0, headers: {} };
const fail = (error: Error): never => {
  throw error;
};

function newCommits() {
  const commits = new OffsetCommits({
    commitEveryMs: COMMIT_EVERY_MS,
    stuckAfterMs: 60_000,
    onLag: () => undefined,
    onCommitFailure: () => undefined,
    onFatal: fail,
  });
  const told: string[] = [];
  let [next, refused] = [0, false];
  const handle = (count: number): void => {
    const offsets = Array.from({ length: count }, () => String(next++));
    const messages = offsets.map((offset) => ({ ...message, offset }));
    const payload: BatchPayload = {
      batch: new FetchedBatch({ topic: 't', partition: 0, highWatermark: next, messages }),
      heartbeat: () => Promise.resolve(),
      resolveOffset: () => undefined,
      commitOffsetsIfNecessary: (committed) => {
        if (refused) {
          refused = false;
          return Promise.reject(new Error('away'));
        }
        return Promise.resolve(void told.push(committed?.topics[0]?.partitions[0]?.offset ?? ''));
      },
      isStale: () => false,
    };
    const held = commits.begin(payload);
    if (held !== undefined) commits.end(payload, held);
  };
  commits.assigned({ memberId: 'm', partitions: { t: [0] }, continues: false });
  commits.start();
  return { commits, told, handle, refuse: () => void (refused = true) };
}

const after = (turns: number) => jest.advanceTimersByTimeAsync(turns * COMMIT_EVERY_MS);

test('few records are committed after 600 ms', async () => {
  const { told, handle } = newCommits();
  handle(99);
  await after(2);
  expect(told).toEqual([]);
  await after(1);
  expect(told).toEqual(['99']);
});

test('many at the next turn, and after that few wait again', async () => {
  const { told, handle } = newCommits();
  handle(99);
  handle(1);
  await after(1);
  expect(told).toEqual(['100']);
  handle(1);
  await after(1);
  expect(told).toEqual(['100']);
  await after(1);
  expect(told).toEqual(['100', '101']);
});

test('what could not be committed is tried again at the next turn', async () => {
  const { told, handle, refuse } = newCommits();
  handle(1);
  refuse();
  await after(3);
  expect(told).toEqual([]);
  await after(1);
  expect(told).toEqual(['1']);
});

test('what is left is committed at the end', async () => {
  const { commits, told, handle } = newCommits();
  handle(1);
  await commits.stop();
  await after(10);
  expect(told).toEqual(['1']);
});
