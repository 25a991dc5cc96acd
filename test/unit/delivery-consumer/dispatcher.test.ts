import { describe, expect, test } from '@jest/globals';
import { Dispatcher } from '../../../services/delivery-consumer/dispatcher.js';
import type { AttemptEnd } from '../../../services/delivery-consumer/handler.js';
import type { OverflowGate } from '../../../services/delivery-consumer/overflow/overflow-gate.js';
import { Pace, type Paces } from '../../../services/delivery-consumer/pace.js';
import type { Job } from '../../../services/shared/core/job.js';
import { classify, type Outcome } from '../../../services/shared/core/outcome.js';
import { PartitionProgress } from '../../../services/shared/core/partition-progress.js';
import { answerOf, jobOf } from '../../support/samples.js';

const DELIVERED = classify(answerOf(200)) as Exclude<Outcome, { kind: 'unmade' }>;

/** A dispatcher whose attempts end when the test says so. */
interface Given {
  readonly inFlight?: number;
  readonly perWebhook?: number;
  readonly surplus?: (jobId: string) => boolean;
  /** Jobs of webhooks that aren't fast. */
  readonly crowdedAt?: number;
  readonly landsAtOnce?: (jobId: string) => boolean;
}

function stage({ inFlight = 10, perWebhook = 10, surplus, crowdedAt = 100, landsAtOnce = () => false }: Given = {}) {
  const clock = { now: 0 };
  const left = new Map<string, () => void>();
  const noted: string[] = [];
  const begun: string[] = [];
  const errors: unknown[] = [];
  const ends = new Map<string, { resolve: (end: AttemptEnd) => void; reject: (error: unknown) => void }>();
  const landings = new Map<string, () => void>();
  const paces = new Map<string, Pace>();
  const paceOf = (webhookId: string): Pace => {
    const pace = paces.get(webhookId) ?? new Pace({ maxInFlight: perWebhook, slowAfterMs: 1_000 });
    if (pace.kind === 'unknown') pace.attempted(DELIVERED, 1);
    paces.set(webhookId, pace);
    return pace;
  };
  const dispatcher = new Dispatcher({
    limits: { inFlight, slowInFlight: inFlight, unknownInFlight: 0 },
    paces: { of: paceOf } as unknown as Paces,
    overflow:
      surplus === undefined
        ? undefined
        : {
            gate: {
              isSurplus: ({ jobId }: Job) => surplus(jobId),
              noteLeft: ({ jobId }: Job) => noted.push(jobId),
              isCrowded: ({ slowJobs }: { slowJobs: number }) => slowJobs > crowdedAt,
            } as unknown as OverflowGate,
            send: ({ jobId }) => new Promise((resolve) => left.set(jobId, resolve)),
            atUncommitted: 5,
          },
    now: () => clock.now,
    attempt: ({ jobId, webhookId }: Job, _origin, landed) =>
      new Promise((resolve, reject) => {
        begun.push(jobId);
        paceOf(webhookId).asked(clock.now);
        if (landsAtOnce(jobId)) landed();
        landings.set(jobId, landed);
        ends.set(jobId, { resolve, reject });
      }),
    onError: (error) => errors.push(error),
  });
  const partition = new PartitionProgress('webhooks.dispatch', 0);
  let offset = 0;
  const admit = (jobId: string, overrides: Partial<Job> = {}, progress = partition) => {
    const record = progress.admit(offset++);
    dispatcher.admit(jobOf({ jobId, conversationId: jobId, ...overrides }), 'topic', record);
    return record;
  };
  const end = async (jobId: string): Promise<void> => {
    ends.get(jobId)?.resolve('delivered');
    await settled();
  };
  const fail = async (jobId: string, error: unknown): Promise<void> => {
    ends.get(jobId)?.reject(error);
    await settled();
  };
  const land = (jobId: string): void => landings.get(jobId)?.();
  return { dispatcher, partition, begun, errors, admit, land, end, fail, left, noted, clock };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settled();
}

/** Whether the promise has resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), settled().then(() => false)]);
}

describe('records finish when their attempts return', () => {
  test('not before, and in any order', async () => {
    const { admit, end, partition } = stage();
    const records = [admit('a'), admit('b')];
    expect(records.map(({ finished }) => finished)).toEqual([false, false]);
    await end('b');
    expect([records.map(({ finished }) => finished), partition.positionBeyond(-1)]).toEqual([[false, true], 0]);
    await end('a');
    expect(partition.positionBeyond(-1)).toBe(2);
  });

  test('an attempt that throws leaves its record unfinished, is told, and gives its place free', async () => {
    const { admit, fail, begun, errors, partition, dispatcher } = stage({ inFlight: 1 });
    const records = [admit('a'), admit('b')];
    const bug = new Error('bug');
    await fail('a', bug);
    expect([errors, records[0]?.finished, begun, partition.positionBeyond(-1)]).toEqual([[bug], false, ['a', 'b'], 0]);
    expect([dispatcher.jobs, dispatcher.inFlight]).toEqual([1, 1]);
  });

  test('the next attempt begins when one ends', async () => {
    const { admit, end, begun } = stage({ inFlight: 2 });
    for (const jobId of ['a', 'b', 'c', 'd']) admit(jobId);
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
  });
});

describe('a job whose endpoint is done with it', () => {
  test('gives its place and its conversation to the next, but neither its record nor its memory', async () => {
    const { admit, land, end, begun, dispatcher } = stage({ perWebhook: 1 });
    const [record] = [admit('a', { conversationId: 'c' }), admit('b', { conversationId: 'c' })];
    land('a');
    expect([begun, record?.finished, dispatcher.inFlight, dispatcher.jobs]).toEqual([['a', 'b'], false, 1, 2]);
    await end('a');
    expect([record?.finished, dispatcher.inFlight, dispatcher.jobs]).toEqual([true, 1, 1]);
  });

  test('as it begins: twenty thousand of them, in one conversation or in many, follow each other', async () => {
    const jobs = 20_000;
    for (const conversationOf of [(n: number) => `c${n}`, () => 'c']) {
      const { admit, end, begun, dispatcher } = stage({ inFlight: 1, landsAtOnce: (jobId) => jobId !== 'first' });
      admit('first');
      for (let n = 1; n < jobs; n += 1) admit(`job ${n}`, { conversationId: conversationOf(n) });
      await end('first');
      await until(() => begun.length === jobs);
      expect([begun.length, dispatcher.inFlight, dispatcher.underWay]).toEqual([jobs, 0, jobs - 1]);
    }
  }, 30_000);

  test('is waited for at the end', async () => {
    const { admit, land, end, dispatcher } = stage();
    admit('a');
    land('a');
    const abandoned = dispatcher.abandon();
    expect(await isDone(abandoned)).toBe(false);
    await end('a');
    expect(await isDone(abandoned)).toBe(true);
  });
});

test('jobs are begun 24 at a time, so that answers are read in between', async () => {
  const { admit, end, begun } = stage({ inFlight: 1, landsAtOnce: (jobId) => jobId !== 'first' });
  admit('first');
  for (let n = 1; n < 200; n += 1) admit(`job ${n}`);
  await settled();
  const turns: number[] = [];
  const watch = async (): Promise<void> => {
    for (turns.push(begun.length); begun.length < 200; turns.push(begun.length)) await settled();
  };
  await Promise.all([end('first'), watch()]);
  const steps = turns.map((count, turn) => count - (turns[turn - 1] ?? 0));
  expect(Math.max(...steps)).toBe(24);
});

describe('a partition that is lost', () => {
  test('its jobs aren’t begun, those in flight end, and their places are given to others', async () => {
    const { admit, end, begun, partition, dispatcher } = stage({ inFlight: 1 });
    const lost = new PartitionProgress('webhooks.dispatch', 1);
    const flying = admit('flying', {}, lost);
    for (const jobId of ['x', 'y', 'z']) admit(jobId, {}, lost);
    const ours = admit('ours');
    lost.revoke();
    await end('flying');
    expect(begun).toEqual(['flying', 'ours']);
    await end('ours');
    expect([flying.finished, ours.finished, dispatcher.jobs, dispatcher.bytes]).toEqual([true, true, 0, 0]);
    expect([lost.positionBeyond(-1), partition.positionBeyond(-1)]).toEqual([undefined, 5]);
  });

  test('also when it leaves a hundred thousand jobs behind, in one conversation or in many', async () => {
    for (const conversationOf of [(n: number) => `c${n}`, () => 'c']) {
      const { admit, end, begun, dispatcher } = stage({ inFlight: 1 });
      const lost = new PartitionProgress('webhooks.dispatch', 1);
      admit('first', {}, lost);
      for (let n = 0; n < 100_000; n += 1) admit(`job ${n}`, { conversationId: conversationOf(n) }, lost);
      lost.revoke();
      await end('first');
      await until(() => dispatcher.jobs === 0);
      expect([begun, dispatcher.jobs, dispatcher.webhooks]).toEqual([['first'], 0, 0]);
    }
  }, 30_000);
});

describe('drain', () => {
  test('resolves when every job has gone out, those admitted meanwhile included', async () => {
    const { admit, end, dispatcher } = stage({ inFlight: 1 });
    admit('a');
    const draining = dispatcher.drain();
    admit('b');
    await end('a');
    expect(await isDone(draining)).toBe(false);
    await end('b');
    expect(await isDone(draining)).toBe(true);
  });

  test('resolves at once when there is nothing', async () => {
    expect(await isDone(stage().dispatcher.drain())).toBe(true);
  });

  test('is ended by abandon', async () => {
    const { admit, dispatcher } = stage();
    admit('a');
    const draining = dispatcher.drain();
    void dispatcher.abandon();
    expect(await isDone(draining)).toBe(true);
  });
});

describe('abandon', () => {
  test('begins nothing more, and resolves when what is in flight has ended', async () => {
    const { admit, end, begun, dispatcher } = stage({ inFlight: 1 });
    const records = [admit('a'), admit('b')];
    const abandoning = dispatcher.abandon();
    admit('c');
    expect(await isDone(abandoning)).toBe(false);
    await end('a');
    expect(await isDone(abandoning)).toBe(true);
    expect([begun, records.map(({ finished }) => finished)]).toEqual([['a'], [true, false]]);
  });

  test('resolves also when what is in flight fails', async () => {
    const { admit, fail, dispatcher } = stage();
    const record = admit('a');
    const abandoning = dispatcher.abandon();
    await fail('a', new Error('interrupted'));
    expect([await isDone(abandoning), record.finished]).toEqual([true, false]);
  });

  test('resolves at once when nothing is in flight', async () => {
    expect(await isDone(stage().dispatcher.abandon())).toBe(true);
  });
});

describe('the surplus of a full queue', () => {
  test('leaves for the overflow topic and is finished when it is acknowledged there; it counts until then', async () => {
    const { dispatcher, admit, left } = stage({ surplus: (jobId) => jobId === 'b' });
    const records = [admit('a'), admit('b')];
    expect([records.map(({ finished }) => finished), dispatcher.jobs]).toEqual([[false, false], 2]);
    left.get('b')?.();
    await settled();
    expect([records.map(({ finished }) => finished), dispatcher.jobs]).toEqual([[false, true], 1]);
  });

  test('is waited for at the end', async () => {
    const { dispatcher, admit, left } = stage({ surplus: () => true });
    admit('a');
    const drained = dispatcher.drain();
    expect(await isDone(drained)).toBe(false);
    left.get('a')?.();
    await drained;
  });
});

describe('what waits for a slow webhook and holds its partition’s commit back too far', () => {
  const SLOW = { webhookId: 'wh_slow' };

  test('leaves, all of it, before the partition would be paused; others, and what is in flight, stay', async () => {
    const { dispatcher, partition, admit, end, begun, left, noted, clock } = stage({
      perWebhook: 1,
      surplus: () => false,
    });
    const slow = [admit('s1', SLOW), admit('s2', SLOW), admit('s3', { ...SLOW, conversationId: 's1' })];
    admit('a', { webhookId: 'wh_a' });
    admit('b', { webhookId: 'wh_b' });
    clock.now = 2_000;
    await until(() => left.size > 0);
    expect([[...left.keys()].sort(), noted.sort(), begun]).toEqual([
      ['s2', 's3'],
      ['s2', 's3'],
      ['s1', 'a', 'b'],
    ]);
    for (const arrive of left.values()) arrive();
    await end('s1');
    await end('a');
    expect(slow.map(({ finished }) => finished)).toEqual([true, true, true]);
    expect([partition.positionBeyond(-1), dispatcher.jobs]).toEqual([4, 1]);
  });

  test('leaves, too, where those that aren’t fast crowd the others out, however little each holds back', async () => {
    for (const [crowdedAt, leaving] of [
      [3, ['s2', 's3', 's4']],
      [4, []],
    ] as const) {
      const { admit, dispatcher, left, clock } = stage({ perWebhook: 1, surplus: () => false, crowdedAt });
      for (const jobId of ['s1', 's2', 's3', 's4']) admit(jobId, SLOW);
      clock.now = 2_000;
      await until(() => dispatcher.slowInFlight > 0);
      expect([...left.keys()].sort()).toEqual(leaving);
    }
  });

  test('stays while it holds back little, and where it isn’t slow', async () => {
    for (const [jobs, now] of [
      [4, 2_000],
      [20, 500],
    ] as const) {
      const { dispatcher, admit, left, clock } = stage({ perWebhook: 1, surplus: () => false });
      for (let n = 0; n < jobs; n += 1) admit(`s${n}`, SLOW);
      clock.now = now;
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect([left.size, dispatcher.jobs]).toEqual([0, jobs]);
    }
  });

  test('stays after abandon, like the surplus of a full queue: it comes again elsewhere', async () => {
    const { dispatcher, admit, left, clock } = stage({ perWebhook: 1, surplus: (jobId) => jobId === 'surplus' });
    for (let n = 0; n < 9; n += 1) admit(`s${n}`, SLOW);
    void dispatcher.abandon();
    const surplus = admit('surplus', SLOW);
    clock.now = 2_000;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect([left.size, surplus.finished]).toEqual([0, false]);
  });

  test('isn’t sent where its partition is another’s by now', async () => {
    const { dispatcher, admit, left, clock } = stage({ perWebhook: 1, surplus: () => false });
    const lost = new PartitionProgress('webhooks.dispatch', 1);
    admit('s1', SLOW);
    admit('gone', SLOW, lost);
    for (let n = 2; n < 9; n += 1) admit(`s${n}`, SLOW);
    lost.revoke();
    clock.now = 2_000;
    await until(() => left.size > 0);
    expect([left.size, left.has('gone')]).toEqual([7, false]);
    expect(dispatcher.jobs).toBe(8);
  });
});
