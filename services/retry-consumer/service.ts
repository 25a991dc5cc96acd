import type { Lane } from '../shared/core/vocabulary.js';
import { retryMetrics } from '../shared/platform/metrics/webhook-metrics.js';
import { openJobTopic, type JobTopic } from '../shared/platform/process/job-topic.js';
import { startJobConsumer, type JobConsumerOptions } from '../shared/platform/process/job-consumer.js';
import { openDependencies, type DependencySettings } from '../shared/platform/process/open-dependencies.js';
import { Interrupted } from '../shared/platform/process/patience.js';
import type { ServiceContext } from '../shared/platform/process/run-service.js';
import { createRetryHold, type Rounds } from './handler.js';

/** The wiring of the retry process. */
export interface RetrySettings extends DependencySettings {
  readonly kafka: DependencySettings['kafka'] & JobConsumerOptions['kafka'];
  readonly delivery: JobConsumerOptions['bounds'] & {
    readonly retryDelayMs: number;
    readonly longRetryMs: number;
    readonly maxRetryAfterMs: number;
  };
  readonly process: DependencySettings['process'] & { readonly stuckAfterMs: number };
}

const SERVICE = 'retry-consumer';

/** A topic of a fixed delay, with a group of its own: a flood of long waits must not make the short ones late. */
interface Tier {
  readonly group: string;
  readonly topic: string;
  readonly delayMs: number;
  readonly rounds?: Rounds;
}

export async function startRetry(context: ServiceContext, settings: RetrySettings): Promise<void> {
  const { signal } = context;
  const { topics, delivery } = settings;
  const dependencies = await openDependencies(SERVICE, context, settings);
  const metrics = retryMetrics(context.metrics);
  const lanes: Record<Lane, JobTopic> = {
    dispatch: await openJobTopic(topics.dispatch, SERVICE, context, dependencies),
    overflow: await openJobTopic(topics.overflow, SERVICE, context, dependencies),
  };
  const long = await openJobTopic(topics.longRetry, SERVICE, context, dependencies);
  const start = async ({ group, topic, delayMs, ...ports }: Tier): Promise<void> => {
    const hold = createRetryHold(delayMs, {
      ...ports,
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
      service: group,
      topics: [topic],
      kafka: settings.kafka,
      bounds: delivery,
      stuckAfterMs: settings.process.stuckAfterMs,
      load: hold,
      admit: (job, record, appendedAt) => hold.hold(job, record, appendedAt),
    });
    context.onShutdown(`consumer of ${topic}`, () => consumer.stop());
    context.onShutdown(`retries of ${topic}`, async () => {
      consumer.quiesce();
      await hold.stop();
    });
  };
  await start({ group: SERVICE, topic: topics.retry, delayMs: delivery.retryDelayMs });
  await start({
    group: `${SERVICE}-long`,
    topic: topics.longRetry,
    delayMs: delivery.longRetryMs,
    rounds: { putBack: (job) => long.send(job, signal), maxWaitMs: delivery.maxRetryAfterMs },
  });
}
