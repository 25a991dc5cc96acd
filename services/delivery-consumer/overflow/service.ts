import type { DeliveryMetrics } from '../../shared/platform/metrics/webhook-metrics.js';
import { openJobTopic } from '../../shared/platform/process/job-topic.js';
import type { Dependencies } from '../../shared/platform/process/open-dependencies.js';
import type { ServiceContext } from '../../shared/platform/process/run-service.js';
import type { Overflow } from '../dispatcher.js';
import { OverflowGate } from './overflow-gate.js';

/** The wiring of the way out for the surplus of webhooks that are too slow. */
export interface OverflowSettings {
  readonly service: string;
  readonly topic: string;
  readonly overflowAtJobs: number;
  readonly overflowAtBytes: number;
  readonly maxJobs: number;
  readonly maxJobBytes: number;
  readonly maxUncommitted: number;
  readonly metrics: Pick<DeliveryMetrics<never>, 'overflowed' | 'overflowing'>;
  readonly signal: AbortSignal;
}

export async function openOverflow(
  context: ServiceContext,
  dependencies: Dependencies,
  settings: OverflowSettings,
): Promise<Overflow> {
  const { overflowAtJobs: atJobs, overflowAtBytes: atBytes, maxJobs, maxJobBytes, metrics } = settings;
  const topic = await openJobTopic(settings.topic, settings.service, context, dependencies);
  const gate = new OverflowGate({ atJobs, atBytes, maxJobs, maxJobBytes });
  metrics.overflowing.readFrom(() => gate.overflowing(performance.now()));
  return {
    gate,
    // At the whole of it the partition is paused.
    atUncommitted: Math.ceil(settings.maxUncommitted / 2),
    send: async (job) => {
      await topic.send({ ...job, lane: 'overflow' }, settings.signal);
      metrics.overflowed();
    },
  };
}
