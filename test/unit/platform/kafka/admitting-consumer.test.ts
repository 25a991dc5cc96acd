import { describe, expect, jest, test } from '@jest/globals';
import { encodeOffsetMap } from '../../../../services/shared/core/offset-map.js';
import { AdmittingConsumer } from '../../../../services/shared/platform/kafka/admitting-consumer.js';
import { scriptedKafka } from '../../../support/scripted-kafka.js';

/**
 * What kafkajs doesn't notice by itself. One fear: a process sleeps for longer than its session, wakes up and fetches on,
 * and posts again what others have posted. The other: a group's coordinator moves, kafkajs gives up joining because the new one is still loading, its heartbeats
 * are answered all the same, and it goes on: it consumes, and never commits again. "Alive but not committing" must end.
 */
const notCoordinator = Object.assign(new Error('not the coordinator'), {
  name: 'KafkaJSProtocolError',
  type: 'NOT_COORDINATOR_FOR_GROUP',
});

const evicted = Object.assign(new Error('the coordinator is not aware of this member'), {
  name: 'KafkaJSProtocolError',
  type: 'UNKNOWN_MEMBER_ID',
});

function scripted(stuckAfterMs: number, commit?: Parameters<typeof scriptedKafka>[0]) {
  const broker = scriptedKafka(commit);
  const { kafka, join, batch, evict } = broker;
  const onFatal = jest.fn<(error: Error) => void>();
  const admitted: number[] = [];
  const forgotten: string[] = [];
  const stays = new Set<number>();
  const ours = new AdmittingConsumer({
    kafka,
    groupId: 'g',
    topics: ['t'],
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 1_000,
    stuckAfterMs,
    batchBytes: 1,
    admit: (record, entry) => {
      const offset = Number(record.source.offset);
      admitted.push(offset);
      if (!stays.has(offset)) entry.finish();
    },
    isFull: () => false,
    hasRoom: () => true,
    maxUncommitted: 100,
    commitEveryMs: 3_600_000,
    onJoined: () => undefined,
    onLag: () => undefined,
    onCommitFailure: () => undefined,
    onForgotten: (error) => forgotten.push(error.message),
    onFatal,
  });
  return { ours, broker, join, batch, evict: () => evict(evicted), admitted, stays, forgotten, onFatal };
}

test('a process that slept asks whether it is still a member before it takes what it fetched', async () => {
  const { ours, join, batch, evict, admitted, onFatal } = scripted(60_000, () => Promise.resolve());
  await ours.start();
  join();
  await batch(0);
  evict();
  await expect(batch(1)).rejects.toBe(evicted);
  expect(admitted).toEqual([0]);
  expect(onFatal).not.toHaveBeenCalled();
  await ours.stop();
});

describe('commits are refused until the member joins again', () => {
  test.each([
    ['a broker that does not coordinate', notCoordinator],
    ['one that does not know the member, because a join broke off', evicted],
  ])('%s: the next batch makes kafkajs join again, and after that everything goes on', async (_, refusal) => {
    let isLost = true;
    const { ours, join, batch, admitted, onFatal } = scripted(60_000, () =>
      isLost ? Promise.reject(refusal) : Promise.resolve(),
    );
    await ours.start();
    join();
    await batch(0);
    await ours.commit();
    await expect(batch(1)).rejects.toBe(refusal);
    expect(admitted).toEqual([0]);
    isLost = false;
    join();
    await batch(1);
    await ours.commit();
    await batch(2);
    expect(admitted).toEqual([0, 1, 2]);
    expect(onFatal).not.toHaveBeenCalled();
    await ours.stop();
  });

  test('where no batch comes, the process ends after half of the time that it may be stuck', async () => {
    const { ours, join, batch, onFatal } = scripted(20, () => Promise.reject(notCoordinator));
    await ours.start();
    join();
    await batch(0);
    const deadline = Date.now() + 10_000;
    while (onFatal.mock.calls.length === 0 && Date.now() < deadline) await ours.commit();
    expect(onFatal).toHaveBeenCalled();
    await ours.stop();
  });

  test('another failure of a commit is waited for', async () => {
    const { ours, join, batch, admitted, onFatal } = scripted(60_000, () =>
      Promise.reject(new Error('Closed connection')),
    );
    await ours.start();
    join();
    await batch(0);
    await ours.commit();
    await batch(1);
    expect(admitted).toEqual([0, 1]);
    expect(onFatal).not.toHaveBeenCalled();
    await ours.stop();
  });
});

describe('what has finished behind an unfinished record', () => {
  /** The commits of a member that leaves 1 and 4 of 0 to 5 unfinished. */
  async function left(): Promise<{ offset: string; metadata: string }[]> {
    const commits: { offset: string; metadata: string }[] = [];
    const { ours, join, batch, stays } = scripted(60_000, (offset, metadata) => {
      commits.push({ offset, metadata });
      return Promise.resolve();
    });
    for (const offset of [1, 4]) stays.add(offset);
    await ours.start();
    join();
    await batch(0, 1, 2, 3, 4, 5);
    await ours.stop();
    return commits;
  }

  test('is told with the commit, and not done again by who gets the partition', async () => {
    const [commit] = await left();
    expect(commit?.offset).toBe('1');
    const { ours, broker, join, batch, admitted } = scripted(60_000);
    broker.commits = () => Promise.resolve(commit!);
    await ours.start();
    join();
    await batch(1, 2, 3, 4, 5, 6);
    expect(admitted).toEqual([1, 4, 6]);
    await ours.stop();
    expect(broker.told).toContain('committed 7');
  });

  test('is told anew when more of it finishes, although the commit stays where it is', async () => {
    const commits: string[] = [];
    const { ours, join, batch, stays } = scripted(60_000, (offset, metadata) => {
      commits.push(`${offset} ${metadata}`);
      return Promise.resolve();
    });
    stays.add(0);
    await ours.start();
    join();
    for (const offset of [0, 1, 2]) {
      await batch(offset);
      await ours.commit();
      await ours.commit();
    }
    await ours.stop();
    expect([new Set(commits).size, commits.length]).toEqual([3, 3]);
    expect(commits.every((commit) => commit.startsWith('0 '))).toBe(true);
  });

  test('counts for nothing where the log is read from before the commit: it began anew', async () => {
    const [commit] = await left();
    const { ours, broker, join, batch, admitted } = scripted(60_000);
    broker.commits = () => Promise.resolve(commit!);
    await ours.start();
    join();
    await batch(0, 1, 2, 3);
    expect(admitted).toEqual([0, 1, 2, 3]);
    await ours.stop();
  });

  test('counts for nothing where the log ends before it: it was told of another log', async () => {
    const { ours, broker, join, batch, admitted } = scripted(60_000);
    const metadata = encodeOffsetMap(1, { upTo: 20, incomplete: [{ from: 1, to: 2 }] });
    broker.commits = () => Promise.resolve({ offset: '1', metadata });
    await ours.start();
    join();
    await batch(1, 2, 3);
    expect(admitted).toEqual([1, 2, 3]);
    await ours.stop();
  });

  test('is waited for before anything is read; where it can’t be known, all is done again', async () => {
    const { ours, broker, join, batch, admitted, forgotten } = scripted(60_000);
    let refuse: (error: Error) => void = () => undefined;
    broker.commits = () => new Promise((_resolve, reject) => (refuse = reject));
    await ours.start();
    join();
    const reading = batch(0, 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(admitted).toEqual([]);
    refuse(new Error('no coordinator'));
    await reading;
    expect([admitted, forgotten]).toEqual([[0, 1], ['no coordinator']]);
    await ours.stop();
  });

  test('is told no more to a broker that takes no such text', async () => {
    const tooLarge = Object.assign(new Error('too large'), { type: 'OFFSET_METADATA_TOO_LARGE' });
    const commits: string[] = [];
    const { ours, join, batch, stays } = scripted(60_000, (offset, metadata) => {
      if (metadata !== '') return Promise.reject(tooLarge);
      commits.push(offset);
      return Promise.resolve();
    });
    stays.add(1);
    await ours.start();
    join();
    await batch(0, 1, 2);
    await ours.commit();
    await ours.commit();
    expect(commits).toEqual(['1']);
    await ours.stop();
  });
});

describe('a batch that was fetched before a join', () => {
  test('is not taken after it: it would move the new position behind itself', async () => {
    const { ours, broker, join, admitted } = scripted(60_000);
    await ours.start();
    join();
    const handle = broker.fetched(6, 7);
    join('another member id');
    await handle();
    expect([admitted, broker.told]).toEqual([[], []]);
    await broker.batch(3, 4);
    await ours.stop();
    expect([admitted, broker.told]).toEqual([
      [3, 4],
      ['resolved 4', 'committed 5', 'left'],
    ]);
  });

  test('is not resolved when the join comes while it is taken', async () => {
    const { ours, broker, join, batch, admitted, forgotten } = scripted(60_000);
    await ours.start();
    join();
    // Long enough for others to have their turn in between.
    const handling = batch(...Array.from({ length: 100 }, (_, index) => index + 200));
    while (admitted.length === 0) await Promise.resolve();
    join('another member id');
    await handling;
    expect([broker.told, forgotten]).toEqual([[], []]);
    await ours.stop();
    expect(broker.told).toEqual(['left']);
  });
});

test('of a partition that is lost while its batch is taken nothing more is admitted: it is another’s', async () => {
  const { ours, join, batch, admitted } = scripted(60_000);
  await ours.start();
  join();
  const handling = batch(...Array.from({ length: 500 }, (_, index) => index));
  while (admitted.length === 0) await Promise.resolve();
  join('m', []);
  const before = admitted.length;
  await handling;
  expect(admitted.length).toBe(before);
  await ours.stop();
});

test('kafkajs has crashed and not restarted yet when partitions are to be paused: the process goes on to its end', async () => {
  const { ours, broker, join, batch } = scripted(60_000);
  await ours.start();
  join();
  await batch(0);
  broker.onPause = () => {
    throw new Error('Consumer group was not initialized, consumer#run must be called first');
  };
  expect(() => ours.quiesce()).not.toThrow();
  await ours.stop();
});
