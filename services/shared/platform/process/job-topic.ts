import { refusedJob } from '../../core/dead-letter.js';
import { PoisonRecord } from '../../core/errors.js';
import { jobKeyOf, type Job } from '../../core/job.js';
import { createJobEncoder } from '../avro/job-codec.js';
import { subjectOf } from '../avro/register-schemas.js';
import { newestSchema } from '../avro/schema-files.js';
import type { OutgoingRecord } from '../kafka/producer.js';
import type { Dependencies } from './open-dependencies.js';
import type { ServiceContext } from './run-service.js';
import { WriteBatcher } from './write-batcher.js';

/** A topic of jobs to write to. */
export interface JobTopic {
  /** In order, as one; resolves when all are acknowledged. @throws DependencyError, PoisonRecord('too-large') */
  sendAll(jobs: readonly Job[]): Promise<void>;
  /**
   * A single job; those that come within 5 ms travel together. Waits while Kafka is away; a job that the broker refuses
   * for its size is parked.
   */
  send(job: Job, signal: AbortSignal): Promise<void>;
}

/** Looks the schema's id up and returns the topic. */
export async function openJobTopic(
  topic: string,
  service: string,
  context: Pick<ServiceContext, 'untilReachable'>,
  { producer, schemas, patiently, park }: Dependencies,
): Promise<JobTopic> {
  const schemaId = await context.untilReachable('schema-registry', () =>
    schemas.writerId(subjectOf(topic), newestSchema('delivery-job')),
  );
  const encoder = createJobEncoder(schemaId);
  const recordOf = (job: Job): OutgoingRecord => ({ key: jobKeyOf(job), value: encoder.encode(job) });
  const sendAll = (jobs: readonly Job[]): Promise<void> => producer.send(topic, jobs.map(recordOf));
  const batcher = new WriteBatcher<Job, void>({
    write: async (jobs) => {
      await sendAll(jobs);
      return jobs.map(() => ({ kind: 'done', result: undefined }));
    },
    maxDelayMs: 5,
    maxItems: 500,
    maxBytes: 1024 * 1024,
    bytesOf: ({ body }) => body.byteLength,
    maxUnderWay: 1,
  });
  /** One job that is too large fails all that travel with it, so each of them is sent alone then. */
  const sendAlone = async (job: Job, signal: AbortSignal): Promise<void> => {
    try {
      await patiently(() => sendAll([job]), signal);
    } catch (error) {
      if (!(error instanceof PoisonRecord)) throw error;
      await park([refusedJob(service, job, error, Date.now())], signal);
    }
  };
  return {
    sendAll,
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
