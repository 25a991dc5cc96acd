import { refusedJob } from '../../core/dead-letter.js';
import { PoisonRecord } from '../../core/errors.js';
import { jobKeyOf, type Job } from '../../core/job.js';
import { createJobEncoder } from '../avro/job-codec.js';
import { subjectOf } from '../avro/register-schemas.js';
import { newestSchema } from '../avro/schema-files.js';
import type { OutgoingRecord } from '../kafka/producer.js';
import type { Dependencies } from './open-dependencies.js';
import type { ServiceContext } from './run-service.js';
import { WriteBatcher, type Settled } from './write-batcher.js';

/** A topic of jobs to write to. */
export interface JobTopic {
  /**
   * In order, as one; resolves when all are acknowledged. What comes while others are on their way travels together.
   * @throws DependencyError, PoisonRecord('too-large')
   */
  sendAll(jobs: readonly Job[]): Promise<void>;
  /**
   * A single job; those that come within the time to gather travel together. Waits while Kafka is away; a job that the
   * broker refuses for its size is parked.
   */
  send(job: Job, signal: AbortSignal): Promise<void>;
}

/** How long a job that goes on at once waits for others. */
const GATHER_MS = 5;

/** Looks the schema's id up and returns the topic. `gatherMs`: how long a single job waits for others to travel with. */
export async function openJobTopic(
  topic: string,
  service: string,
  context: Pick<ServiceContext, 'untilReachable'>,
  { producer, schemas, patiently, park }: Dependencies,
  gatherMs = GATHER_MS,
): Promise<JobTopic> {
  const schemaId = await context.untilReachable('schema-registry', () =>
    schemas.writerId(subjectOf(topic), newestSchema('delivery-job')),
  );
  const encoder = createJobEncoder(schemaId);
  const recordOf = (job: Job): OutgoingRecord => ({ key: jobKeyOf(job), value: encoder.encode(job) });
  const write = (records: readonly OutgoingRecord[]): Promise<void> => producer.send(topic, records);
  const lists = new WriteBatcher<readonly OutgoingRecord[], void>({
    write: (batch) => writeLists(write, batch),
    maxDelayMs: GATHER_MS,
    atOnceWhenIdle: true,
    maxItems: 100,
    maxBytes: 1024 * 1024,
    bytesOf: (records) => records.reduce((sum, { value }) => sum + value.byteLength, 0),
    maxUnderWay: 8,
  });
  const batcher = new WriteBatcher<Job, void>({
    write: async (jobs) => {
      await write(jobs.map(recordOf));
      return jobs.map(() => DONE);
    },
    maxDelayMs: gatherMs,
    maxItems: 500,
    maxBytes: 1024 * 1024,
    bytesOf: ({ body }) => body.byteLength,
    maxUnderWay: 1,
  });
  /** One job that is too large fails all that travel with it, so each of them is sent alone then. */
  const sendAlone = async (job: Job, signal: AbortSignal): Promise<void> => {
    try {
      await patiently(() => write([recordOf(job)]), signal);
    } catch (error) {
      if (!(error instanceof PoisonRecord)) throw error;
      await park([refusedJob(service, job, error, Date.now())], signal);
    }
  };
  return {
    sendAll: async (jobs) => lists.add(jobs.map(recordOf)),
    send: async (job, signal) => {
      try {
        await patiently(() => batcher.add(job), signal);
      } catch (error) {
        if (!(error instanceof PoisonRecord)) throw error;
        await sendAlone(job, signal);
      }
    },
  };
}

/** In one go; where one record is too large, that fails all, so each list goes alone then. */
async function writeLists(
  write: (records: readonly OutgoingRecord[]) => Promise<void>,
  lists: readonly (readonly OutgoingRecord[])[],
): Promise<readonly Settled<void>[]> {
  try {
    await write(lists.flat());
    return lists.map(() => DONE);
  } catch (error) {
    if (!(error instanceof PoisonRecord) || lists.length === 1) throw error;
    return Promise.all(lists.map((list) => write(list).then(() => DONE, failedBy)));
  }
}

const DONE: Settled<void> = { kind: 'done', result: undefined };

function failedBy(error: unknown): Settled<void> {
  return { kind: 'failed', error };
}
