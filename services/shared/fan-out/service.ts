import type { Normalized } from '../core/contract.js';
import type { EventType } from '../core/vocabulary.js';
import { createEventDecoder } from '../platform/avro/event-decoder.js';
import { BatchConsumer } from '../platform/kafka/batch-consumer.js';
import { registerCodecs } from '../platform/kafka/codecs.js';
import { COMMIT_EVERY_MS } from '../platform/kafka/offset-commits.js';
import { cacheMetrics, fanOutMetrics } from '../platform/metrics/webhook-metrics.js';
import { ChangeFeed } from '../platform/mongo/change-feed.js';
import { SubscriptionDirectory } from '../platform/mongo/subscription-directory.js';
import { openJobTopic } from '../platform/process/job-topic.js';
import { openDependencies, type DependencySettings } from '../platform/process/open-dependencies.js';
import type { ServiceContext } from '../platform/process/run-service.js';
import { watchConsumer } from '../platform/process/watch-consumer.js';
import { createFanOut } from './handler.js';

/** The wiring of both fan-out services: what differs comes in, everything else is the same. */
export interface FanOutDefinition {
  readonly service: 'call-consumer' | 'whatsapp-consumer';
  readonly topic: string;
  readonly record: 'call-event' | 'whatsapp-event';
  readonly normalize: (record: unknown) => Normalized;
}

export interface FanOutSettings extends DependencySettings {
  readonly kafka: DependencySettings['kafka'] & ConsumerSettings;
  readonly cache: { readonly subscriptionCompanies: number };
  readonly process: DependencySettings['process'] & { readonly stuckAfterMs: number };
}

interface ConsumerSettings {
  readonly prefix: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
}

export async function startFanOut(
  context: ServiceContext,
  settings: FanOutSettings,
  { service, topic, record, normalize }: FanOutDefinition,
): Promise<void> {
  registerCodecs();
  const { log } = context;
  const dependencies = await openDependencies(service, context, settings);
  const { kafka, db, schemas, consume, patiently, park } = dependencies;
  const metrics = fanOutMetrics(context.metrics);
  const feed = new ChangeFeed(db, (err) => log.warn('change-feed.lost', { err }));
  feed.start();
  context.onShutdown('change feed', () => feed.close());
  const directory = new SubscriptionDirectory({ db, feed, maxCompanies: settings.cache.subscriptionCompanies });
  cacheMetrics(context.metrics, 'subscriptions', directory);
  const dispatch = await openJobTopic(settings.topics.dispatch, service, context, dependencies);
  const events = createEventDecoder(record, schemas);
  const handleBatch = createFanOut(service, {
    decode: (value, signal) => patiently(() => events.decode(value), signal),
    normalize,
    lookup: (companyIds, signal) => patiently(() => directory.lookup(companyIds), signal),
    publish: async (list, signal) => {
      await patiently(() => dispatch.sendAll(list), signal);
      metrics.jobs(list.length);
    },
    park,
    now: Date.now,
    observe: {
      event: (type: EventType) => metrics.events(type),
      matched: (type: EventType) => metrics.eventsMatched(type),
      fannedOut: (ageMs) => metrics.fanOutDelay(ageMs / 1000),
      skipped: (reason) => consume.skipped(reason),
    },
  });
  const consumer = new BatchConsumer({
    kafka,
    groupId: `${settings.kafka.prefix}${service}`,
    topics: [topic],
    ...settings.kafka,
    stuckAfterMs: settings.process.stuckAfterMs,
    batchBytes: BATCH_BYTES,
    commitEveryMs: COMMIT_EVERY_MS,
    handleBatch,
    onJoined: () => consume.rebalances(),
    onLag: (name, partition, records) => consume.lag.set(name, partition, records),
    onCommitFailure: (error) => log.warn('commit.failed', { reason: error.message }),
    onFatal: context.fatal,
  });
  watchConsumer(context, consumer);
  await context.untilReachable('kafka', () => consumer.start());
  context.onShutdown('consumer', () => consumer.stop());
}

const BATCH_BYTES = 256 * 1024;
