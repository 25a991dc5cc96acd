import { PoisonRecord } from '../../core/errors.js';
import type { Job } from '../../core/job.js';
import type { AdmittedRecord } from '../../core/partition-progress.js';
import { createJobDecoder } from '../avro/job-codec.js';
import { AdmittingConsumer } from '../kafka/admitting-consumer.js';
import type { IncomingRecord } from '../kafka/incoming-record.js';
import { COMMIT_EVERY_MS } from '../kafka/offset-commits.js';
import type { Dependencies } from './open-dependencies.js';
import type { ServiceContext } from './run-service.js';
import { watchConsumer } from './watch-consumer.js';

/**
 * A consumer of jobs that are admitted into memory: what the delivery and the retry process share.
 *
 * It decodes, parks what can't be decoded, and keeps to the bounds; what happens to a job is the caller's `admit`.
 */
export interface JobConsumerOptions {
  readonly service: string;
  readonly topics: readonly string[];
  readonly kafka: { readonly prefix: string; readonly sessionTimeoutMs: number; readonly heartbeatIntervalMs: number };
  readonly bounds: { readonly maxJobs: number; readonly maxJobBytes: number; readonly maxUncommitted: number };
  readonly stuckAfterMs: number;
  /** Jobs and bytes in memory. */
  readonly load: { readonly jobs: number; readonly bytes: number };
  readonly admit: (job: Job, record: AdmittedRecord, timestamp: number) => void;
}

const BATCH_BYTES = 1024 * 1024;

/** Starts it and registers its health; stopping it in the right order is the caller's. */
export async function startJobConsumer(
  context: ServiceContext,
  dependencies: Dependencies,
  options: JobConsumerOptions,
): Promise<AdmittingConsumer> {
  const { service, bounds, load } = options;
  const { kafka, consume } = dependencies;
  const consumer = new AdmittingConsumer({
    kafka,
    groupId: options.kafka.prefix + service,
    topics: options.topics,
    sessionTimeoutMs: options.kafka.sessionTimeoutMs,
    heartbeatIntervalMs: options.kafka.heartbeatIntervalMs,
    stuckAfterMs: options.stuckAfterMs,
    batchBytes: BATCH_BYTES,
    admit: createAdmission(context.signal, dependencies, options),
    isFull: () => load.jobs >= bounds.maxJobs || load.bytes >= bounds.maxJobBytes,
    hasRoom: () => load.jobs * 2 <= bounds.maxJobs && load.bytes * 2 <= bounds.maxJobBytes,
    maxUncommitted: bounds.maxUncommitted,
    commitEveryMs: COMMIT_EVERY_MS,
    onJoined: () => consume.rebalances(),
    onLag: (topic, partition, records) => consume.lag.set(topic, partition, records),
    onCommitFailure: (error) => context.log.warn('commit.failed', { reason: error.message }),
    onForgotten: (error) => context.log.warn('commit.unread', { reason: error.message }),
    onFatal: context.fatal,
  });
  consume.uncommitted.readFrom(() => consumer.uncommitted);
  consume.pausedPartitions.readFrom(() => consumer.pausedPartitions);
  watchConsumer(context, consumer, `consumer of ${options.topics.join(', ')}`);
  await context.untilReachable('kafka', () => consumer.start());
  return consumer;
}

type Admission = (record: IncomingRecord, admitted: AdmittedRecord) => void | Promise<void>;

/** Decodes a record and admits its job; what can't be decoded is parked, and finished when the letter is written. */
function createAdmission(signal: AbortSignal, dependencies: Dependencies, options: JobConsumerOptions): Admission {
  const { schemas, consume, patiently, park } = dependencies;
  const { service } = options;
  const decoder = createJobDecoder(schemas);

  const parkPoison = async (poison: PoisonRecord, record: IncomingRecord, admitted: AdmittedRecord): Promise<void> => {
    const { source, key, value } = record;
    const { reason, message: detail } = poison;
    await park([{ reason, detail, service, source, parkedAt: Date.now(), key, value, truncated: false }], signal);
    admitted.finish();
  };

  return (record, admitted) => {
    if (record.value === null) {
      consume.skipped('tombstone');
      return admitted.finish();
    }
    const onPoison = (error: unknown): Promise<void> => {
      if (error instanceof PoisonRecord) return parkPoison(error, record, admitted);
      throw error;
    };
    try {
      const decoded = patiently(() => decoder.decode(record.value), signal);
      if (!(decoded instanceof Promise)) return options.admit(decoded, admitted, record.timestamp);
      return decoded.then((job) => options.admit(job, admitted, record.timestamp)).catch(onPoison);
    } catch (error) {
      return onPoison(error);
    }
  };
}
