import { beforeEach, describe, expect, test } from '@jest/globals';
import { Kafka } from 'kafkajs';
import type { FetchedBatch as Batch } from 'kafkajs/src/consumer/batch.js';
import Runner from 'kafkajs/src/consumer/runner.js';
import { FetchedBatch } from '../../../../services/shared/platform/kafka/fetched-batch.js';
import { FetchLoops, fetchInLoops, type BatchPayload } from '../../../../services/shared/platform/kafka/fetch-loops.js';

/**
 * The fears: a batch that is handled by two loops at once, or after a join that it doesn't belong to; an error that ends
 * one loop while others go on, or is lost; a member that no longer says that it lives.
 */
const { FETCH } = new Kafka({ brokers: ['127.0.0.1:1'] }).consumer({ groupId: 'g' }).events;
let told: string[] = [];
let brokers: number[] = [1];
let group = newGroup();

function newGroup() {
  return {
    offsetManager: { resolvedOffsets: { t: {} as Record<number, string> } },
    maxWaitTime: 20,
    getNodeIds: () => brokers,
    heartbeat: ({ interval }: { interval: number }) => Promise.resolve(void told.push(`heartbeat ${interval}`)),
    commitOffsets: () => Promise.resolve(void told.push('committed')),
  };
}

/** Fetches of each broker that wait for an answer. */
let asked: Map<number, (answer: readonly Batch[] | Error) => void>;

function loopsOf(handle: (payload: BatchPayload) => Promise<void>): FetchLoops {
  const runner = {
    consumerGroup: group,
    heartbeatInterval: 3_000,
    instrumentationEmitter: { emit: (event: string) => told.push(event) },
  };
  return new FetchLoops(
    runner as unknown as Runner,
    handle,
    (nodeId) =>
      new Promise((resolve, reject) =>
        asked.set(nodeId, (answer) => {
          asked.delete(nodeId);
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        }),
      ),
  );
}

beforeEach(() => {
  told = [];
  brokers = [1];
  asked = new Map();
  group = newGroup();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function answer(nodeId: number, ...batches: Batch[]): Promise<void> {
  asked.get(nodeId)?.(batches);
  await turn();
}

const batchOf = (partition: number, offset = 7): Batch => {
  const message = { key: null, value: Buffer.from('x'), timestamp: '0', attributes: 0, headers: {} };
  const messages = [{ ...message, offset: String(offset) }];
  return new FetchedBatch({ topic: 't', partition, highWatermark: 9, messages });
};

test('what came is handled, then the next is fetched, until it is stopped', async () => {
  const loops = loopsOf(async ({ batch, heartbeat, resolveOffset, commitOffsetsIfNecessary }) => {
    await heartbeat();
    resolveOffset(batch.lastOffset());
    await commitOffsetsIfNecessary();
  });
  const started = loops.start();
  await answer(1, batchOf(0), batchOf(1, 8));
  expect(told).toEqual(['heartbeat 3000', 'heartbeat 3000', 'committed', 'committed']);
  expect(group.offsetManager.resolvedOffsets).toEqual({ t: { 0: '8', 1: '9' } });
  const stopped = loops.stop();
  await answer(1, batchOf(0));
  await Promise.all([started, stopped]);
  expect([told.length, asked.size]).toEqual([4, 0]);
});

test('the next fetch waits for all of one, and one that brought nothing says that the member lives', async () => {
  let handled = (): void => undefined;
  const loops = loopsOf(({ batch }) =>
    batch.partition === 0 ? Promise.resolve() : new Promise<void>((resolve) => (handled = resolve)),
  );
  const started = loops.start();
  await answer(1, batchOf(0), batchOf(1));
  expect(asked.size).toBe(0);
  handled();
  await turn();
  await answer(1);
  expect(told).toEqual([FETCH, 'heartbeat 3000']);
  expect(asked.size).toBe(1);
  void loops.stop();
  await answer(1);
  await started;
});

describe('records that are not for consumers', () => {
  const filtered = (partition: number, hadRecords: boolean): Batch =>
    Object.assign(batchOf(partition), { isEmpty: () => true, isEmptyDueToFiltering: () => hadRecords });

  test('are moved beyond and not handed over, and the member lives on', async () => {
    const loops = loopsOf(() => Promise.reject(new Error('handled')));
    const started = loops.start();
    await answer(1, filtered(0, true), filtered(1, false));
    expect(told).toEqual([FETCH, 'heartbeat 3000']);
    expect(group.offsetManager.resolvedOffsets).toEqual({ t: { 0: '8' } });
    void loops.stop();
    await answer(1);
    await started;
  });
});

describe('with several brokers', () => {
  beforeEach(() => void (brokers = [1, 2]));

  test('a partition that comes from its new leader, while what its old one gave is handled, comes again', async () => {
    let handled = (): void => undefined;
    const seen: string[] = [];
    const loops = loopsOf(({ batch }) => {
      seen.push(`${batch.partition}: ${batch.firstOffset()}`);
      return new Promise<void>((resolve) => (handled = resolve));
    });
    const started = loops.start();
    await answer(1, batchOf(0, 7));
    await answer(2, batchOf(0, 7));
    // Not at once, or it would come at full speed until then.
    expect([seen, asked.has(2)]).toEqual([['0: 7'], false]);
    while (!asked.has(2)) await new Promise((resolve) => setTimeout(resolve, 5));
    handled();
    await turn();
    await answer(2, batchOf(0, 8));
    expect(seen).toEqual(['0: 7', '0: 8']);
    void loops.stop();
    handled();
    await answer(1);
    await started;
  });

  test('a batch tells when the member has joined since it was fetched', async () => {
    const stale: boolean[] = [];
    const loops = loopsOf(({ isStale }) => Promise.resolve(void stale.push(isStale())));
    const started = loops.start();
    await answer(1, batchOf(0));
    group.offsetManager = newGroup().offsetManager;
    await answer(2, batchOf(1));
    await answer(2, batchOf(1));
    expect(stale).toEqual([false, true, false]);
    void loops.stop();
    await answer(1);
    await answer(2);
    await started;
  });

  test('an error of one ends all, each after what it has under way, and is what kafkajs hears', async () => {
    const rebalancing = new Error('rebalancing');
    const seen: number[] = [];
    const loops = loopsOf(({ batch: { partition } }) => {
      seen.push(partition);
      return partition === 0 ? Promise.reject(rebalancing) : Promise.resolve();
    });
    const started = loops.start();
    const ended = started.catch((error: unknown) => told.push(String(error)));
    await answer(1, batchOf(0), batchOf(1));
    expect([seen, told]).toEqual([[0, 1], []]);
    asked.get(2)?.(new Error('another'));
    await ended;
    expect(told.at(-1)).toBe('Error: rebalancing');
    expect(asked.size).toBe(0);
    const again = loops.start();
    void loops.stop();
    for (const nodeId of brokers) await answer(nodeId);
    await again;
  });

  test('other brokers than at the start are for kafkajs to begin anew with, none at all is not', async () => {
    const started = loopsOf(() => Promise.resolve()).start();
    brokers = [];
    await answer(1);
    await answer(2);
    expect([...asked.keys()]).toEqual([1, 2]);
    brokers = [1, 3];
    await answer(1);
    await answer(2);
    await started;
    expect(asked.size).toBe(0);
  });

  test('without any there is nothing to begin with', async () => {
    brokers = [];
    await expect(loopsOf(() => Promise.resolve()).start()).rejects.toMatchObject({
      name: 'KafkaJSNoBrokerAvailableError',
    });
  });
});

test('consumers that leave positions or commits to kafkajs keep its own loops', async () => {
  fetchInLoops();
  const joined = new Error('joins');
  const managerOf = async (more: Partial<Runner>): Promise<unknown> => {
    const byKafkajs = { start: () => Promise.resolve(), stop: () => Promise.resolve() };
    const runner = Object.assign(Object.create(Runner.prototype) as Runner, {
      consumerGroup: { ...group, connect: () => Promise.reject(joined) },
      onCrash: (error: Error) => told.push(error.message),
      eachBatch: () => Promise.resolve(),
      autoCommit: false,
      eachBatchAutoResolve: false,
      fetchManager: byKafkajs,
      ...more,
    });
    await runner.start();
    return runner.fetchManager;
  };
  expect(await managerOf({})).toBeInstanceOf(FetchLoops);
  for (const more of [{ autoCommit: true }, { eachBatchAutoResolve: true }, { eachBatch: null }])
    expect(await managerOf(more)).not.toBeInstanceOf(FetchLoops);
  expect(told).toEqual(Array(4).fill('joins'));
});
