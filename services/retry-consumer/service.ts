import type { Lane } from '../shared/core/vocabulary.js';
import { retryMetrics } from '../shared/platform/metrics/webhook-metrics.js';
import { openJobTopic, type JobTopic } from '../shared/platform/process/job-topic.js';
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

export async function startRetry(context: ServiceContext, settings: RetrySettings): Promise<void> {
  const { signal } = context;
  const dependencies = await openDependencies(SERVICE, context, settings);
  const metrics = retryMetrics(context.metrics);

  const lanes: Record<Lane, JobTopic> = {
    dispatch: await openJobTopic(settings.topics.dispatch, SERVICE, context, dependencies),
    overflow: await openJobTopic(settings.topics.overflow, SERVICE, context, dependencies),
  };

  const hold = createRetryHold(settings.delivery.retryDelayMs, {
    publish: async (job) => {
      await lanes[job.lane].send(job, signal);
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
