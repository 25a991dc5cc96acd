import { expect, test } from '@jest/globals';
import { BatchConsumer } from '../../../../services/shared/platform/kafka/batch-consumer.js';
import { Interrupted } from '../../../../services/shared/platform/process/patience.js';
import { scriptedKafka } from '../../../support/scripted-kafka.js';

/**
 * What is committed of batches, and when. The fears: a commit that passes work which isn't done (lost), and work that is
 * done and not committed when its partition goes or the process ends (doubled, with no fault at all).
 */
function scripted(handleBatch: (offsets: readonly number[], signal: AbortSignal) => Promise<void>) {
  const broker = scriptedKafka();
  const seen = { joins: 0 };
  const ours = new BatchConsumer({
    kafka: broker.kafka,
    groupId: 'g',
    topics: ['t'],
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 1_000,
    stuckAfterMs: 60_000,
    batchBytes: 1,
    commitEveryMs: 3_600_000,
    handleBatch: (records, signal) =>
      handleBatch(
        records.map(({ source }) => Number(source.offset)),
        signal,
      ),
    onJoined: () => void (seen.joins += 1),
    onLag: () => undefined,
    onCommitFailure: (error) => {
      throw error;
    },
    onFatal: (error) => {
      throw error;
    },
  });
  return { ...broker, ours, seen };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what batches finished is committed together, not batch by batch', async () => {
  const { ours, join, batch, rebalancing, told } = scripted(() => Promise.resolve());
  await ours.start();
  join();
  await batch(0, 1);
  await batch(2);
  expect(told).toEqual(['resolved 1', 'resolved 2']);
  rebalancing();
  await turn();
  expect(told.slice(2)).toEqual(['committed 3']);
  await ours.stop();
});

test('each time that the partitions are handed out anew is told', async () => {
  const { ours, join, seen } = scripted(() => Promise.resolve());
  await ours.start();
  join();
  join();
  expect(seen.joins).toBe(2);
  await ours.stop();
});

test('the end waits for the batch that goes forward, commits it, and leaves then', async () => {
  let finish = (): void => undefined;
  const { ours, join, batch, told } = scripted(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  await ours.start();
  join();
  const work = batch(0);
  await turn();
  const stopped = ours.stop();
  await turn();
  expect(told).toEqual([]);
  finish();
  await Promise.all([work, stopped]);
  expect(told).toEqual(['resolved 0', 'committed 1', 'left']);
});

test('a batch that the end interrupts is neither resolved nor committed', async () => {
  const { ours, join, batch, told } = scripted(
    (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Interrupted()))),
  );
  await ours.start();
  join();
  const work = batch(0);
  await turn();
  await Promise.all([work, ours.stop()]);
  expect(told).toEqual(['left']);
});

test('a batch that ends in a rebalance takes the others that wait for a dependency with it, and none that comes later', async () => {
  const rebalance = Object.assign(new Error('the group is rebalancing'), { name: 'KafkaJSProtocolError' });
  const interrupted: number[] = [];
  const { ours, join, batch, told } = scripted(async ([offset], signal) => {
    if (offset === 1) throw rebalance;
    if (offset === 2) return signal.throwIfAborted();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    interrupted.push(offset!);
    throw new Interrupted();
  });
  await ours.start();
  join();
  const waiting = batch(0);
  await turn();
  await expect(batch(1)).rejects.toBe(rebalance);
  await waiting;
  expect([interrupted, told]).toEqual([[0], []]);
  join();
  await batch(2);
  expect(told).toEqual(['resolved 2']);
  await ours.stop();
});

test('what was finished and not committed when the group changed is not done again', async () => {
  const handled: number[] = [];
  const { ours, join, batch } = scripted((offsets) => {
    handled.push(...offsets);
    return Promise.resolve();
  });
  await ours.start();
  join();
  await batch(0, 1);
  join();
  await batch(0, 1, 2);
  expect(handled).toEqual([0, 1, 2]);
  await ours.stop();
});

test('as another member it does all anew, and commits nothing of what it did as the one before', async () => {
  const handled: number[] = [];
  const { ours, join, batch, told } = scripted((offsets) => {
    handled.push(...offsets);
    return Promise.resolve();
  });
  await ours.start();
  join('m1');
  await batch(0, 1);
  join('m2');
  await ours.stop();
  expect(told).toEqual(['resolved 1', 'left']);
  expect(handled).toEqual([0, 1]);
});
