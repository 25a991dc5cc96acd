import { describe, expect, jest, test } from '@jest/globals';
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

function scripted(stuckAfterMs: number, commit: () => Promise<void>) {
  const { kafka, join, batch, evict } = scriptedKafka(commit);
  const onFatal = jest.fn<(error: Error) => void>();
  const admitted: number[] = [];
  const ours = new AdmittingConsumer({
    kafka,
    groupId: 'g',
    topics: ['t'],
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 1_000,
    stuckAfterMs,
    batchBytes: 1,
    admit: (record, entry) => {
      admitted.push(Number(record.source.offset));
      entry.finish();
    },
    isFull: () => false,
    hasRoom: () => true,
    maxUncommitted: 100,
    commitEveryMs: 3_600_000,
    onLag: () => undefined,
    onCommitFailure: () => undefined,
    onFatal,
  });
  return { ours, join, batch, evict: () => evict(evicted), admitted, onFatal };
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

describe('commits go to a broker that does not coordinate the group any more', () => {
  test('the next batch makes kafkajs join again, and after that everything goes on', async () => {
    let isLost = true;
    const { ours, join, batch, admitted, onFatal } = scripted(60_000, () =>
      isLost ? Promise.reject(notCoordinator) : Promise.resolve(),
    );
    await ours.start();
    join();
    await batch(0);
    await ours.commit();
    await expect(batch(1)).rejects.toBe(notCoordinator);
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
