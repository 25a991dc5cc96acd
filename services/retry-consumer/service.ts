import { jobKeyOf, type Job } from '../shared/core/job.js';
import type { Lane } from '../shared/core/vocabulary.js';
import { createJobEncoder } from '../shared/platform/avro/job-codec.js';
import { subjectOf } from '../shared/platform/avro/register-schemas.js';
import { newestSchema } from '../shared/platform/avro/schema-files.js';
import { retryMetrics } from '../shared/platform/metrics/webhook-metrics.js';
import { Coalescer } from '../shared/platform/process/coalescer.js';
import { startJobConsumer, type JobConsumerOptions } from '../shared/platform/process/job-consumer.js';
import { openDependencies, type DependencySettings } from '../shared/platform/process/open-dependencies.js';
import { Interrupted } from '../shared/platform/process/patience.js';
import type { ServiceContext } from '../shared/platform/process/run-service.js';
import { createRetryHold } from './handler.js';

/** The wiring of the retry process. */
export interface RetrySettings extends DependencySettings {
  readonly kafka: DependencySettings['kafka'] & JobConsumerOptions['kafka'];
  readonly delivery: JobConsumerOptions['bounds'] & { readonly retryDelayMs: number };
  readonly process: DependencySettings['process'] & { readonly stuckAfterMs: number };
}

const SERVICE = 'retry-consumer';
const LANE_BATCH = { maxItems: 500, maxDelayMs: 5 };

export async function startRetry(context: ServiceContext, settings: RetrySettings): Promise<void> {
  const { signal } = context;
  const dependencies = await openDependencies(SERVICE, context, settings);
  const { producer, schemas, patiently } = dependencies;
  const metrics = retryMetrics(context.metrics);

  const openLane = async (topic: string): Promise<Coalescer<Job>> => {
    const schemaId = await context.untilReachable('schema-registry', () =>
      schemas.writerId(subjectOf(topic), newestSchema('delivery-job')),
    );
    const jobs = createJobEncoder(schemaId);
    const send = (batch: readonly Job[]): Promise<void> =>
      producer.send(
        topic,
        batch.map((job) => ({ key: jobKeyOf(job), value: jobs.encode(job) })),
      );
    return new Coalescer<Job>(send, LANE_BATCH);
  };
  const lanes: Record<Lane, Coalescer<Job>> = {
    dispatch: await openLane(settings.topics.dispatch),
    overflow: await openLane(settings.topics.overflow),
  };

  const hold = createRetryHold(settings.delivery.retryDelayMs, {
    publish: async (job) => {
      await patiently(() => lanes[job.lane].add(job), signal);
      metrics.returned(job.lane);
    },
    now: Date.now,
    observeLateness: (lateMs) => metrics.lateness(lateMs / 1000),
    onError: (error) => {
      if (!(error instanceof Interrupted)) context.fatal(error);
    },
  });
  metrics.waiting.readFrom(() => hold.jobs);
  const consumer = await startJobConsumer(context, dependencies, {
    service: SERVICE,
    topics: [settings.topics.retry],
    kafka: settings.kafka,
    bounds: settings.delivery,
    stuckAfterMs: settings.process.stuckAfterMs,
    load: hold,
    admit: (job, record) => hold.hold(job, record),
  });
  context.onShutdown('consumer', () => consumer.stop());
  context.onShutdown('retries', async () => {
    consumer.quiesce();
    await hold.stop();
  });
}
