import { describe, expect, test } from '@jest/globals';
import { PoisonRecord } from '../../../../services/shared/core/errors.js';
import type { DeadLetter } from '../../../../services/shared/core/verdict.js';
import type { OutgoingRecord } from '../../../../services/shared/platform/kafka/producer.js';
import { openJobTopic } from '../../../../services/shared/platform/process/job-topic.js';
import type { Dependencies } from '../../../../services/shared/platform/process/open-dependencies.js';
import { jobOf } from '../../../support/samples.js';

const LARGE = Buffer.alloc(10_000);

/** A topic whose broker answers each request after 20 ms, and refuses one that holds a record as large as LARGE. */
async function topicOfRequests() {
  const requests: number[] = [];
  const parked: DeadLetter[] = [];
  const send = async (_topic: string, records: readonly OutgoingRecord[]): Promise<void> => {
    requests.push(records.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (records.some(({ value }) => value.byteLength > LARGE.byteLength))
      throw new PoisonRecord('too-large', 'refused for its size');
  };
  const dependencies = {
    producer: { send },
    schemas: { writerId: () => Promise.resolve(1) },
    patiently: <T>(work: () => Promise<T>) => work(),
    park: (letters: readonly DeadLetter[]) => Promise.resolve(void parked.push(...letters)),
  };
  const context = { untilReachable: <T>(_server: string, work: () => Promise<T>) => work() };
  const topic = await openJobTopic('webhooks.dispatch', 'test', context, dependencies as unknown as Dependencies);
  return { topic, requests, parked };
}

describe('lists of jobs', () => {
  test('of one turn of the event loop, and those that come while they are on their way, are a request each', async () => {
    const { topic, requests } = await topicOfRequests();
    const first = [topic.sendAll([jobOf()]), topic.sendAll([jobOf(), jobOf()])];
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const second = [topic.sendAll([jobOf()]), topic.sendAll([jobOf()])];
    await Promise.all([...first, ...second]);
    expect(requests).toEqual([3, 2]);
  });

  test('one with a job that is too large fails alone', async () => {
    const { topic, requests } = await topicOfRequests();
    const sent = await Promise.allSettled([
      topic.sendAll([jobOf(), jobOf()]),
      topic.sendAll([jobOf({ body: LARGE })]),
      topic.sendAll([jobOf()]),
    ]);
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(sent[1]).toMatchObject({ reason: { reason: 'too-large' } });
    expect(requests).toEqual([4, 2, 1, 1]);
  });
});

describe('a single job, as retries and moves to the overflow are', () => {
  const { signal } = new AbortController();

  test('that is too large is parked, and those that travel with it are written', async () => {
    const { topic, requests, parked } = await topicOfRequests();
    const large = jobOf({ body: LARGE, attempt: 2 });
    await Promise.all([jobOf(), large, jobOf()].map((job) => topic.send(job, signal)));
    expect(requests).toEqual([3, 1, 1, 1]);
    const { source, body } = large;
    expect(parked).toEqual([expect.objectContaining({ reason: 'too-large', service: 'test', source, value: body })]);
  });
});
