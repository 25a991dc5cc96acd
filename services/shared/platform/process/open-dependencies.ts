import type { Kafka, SASLOptions } from 'kafkajs';
import type { Db } from 'mongodb';
import { cutToFit } from '../../core/dead-letter.js';
import { ConfigError } from '../../core/errors.js';
import type { DeadLetter } from '../../core/verdict.js';
import { createDeadLetterEncoder } from '../avro/dead-letter-codec.js';
import { createRegistryClient } from '../avro/registry-client.js';
import { subjectOf } from '../avro/register-schemas.js';
import { newestSchema } from '../avro/schema-files.js';
import { openSchemaStore, type SchemaStore } from '../avro/schema-store.js';
import { answersAt } from '../http/probe.js';
import { createKafka, tellsOfLoss } from '../kafka/client.js';
import { kafkaProbe } from '../kafka/probe.js';
import { createProducer, type RecordProducer } from '../kafka/producer.js';
import { missingTopics, type Topics } from '../kafka/topics.js';
import { consumeMetrics, type ConsumeMetrics } from '../metrics/webhook-metrics.js';
import { mongoKnownSchemas } from '../mongo/known-schemas.js';
import { openMongo, type MongoDependencySettings } from './open-mongo.js';
import { createPatience, type Patiently } from './patience.js';
import type { ServiceContext } from './run-service.js';
import { watchDependency } from './watch-dependency.js';

/**
 * Opens what every consuming process works with, in the order in which it leans on each other, and registers how each
 * is closed and watched: MongoDB, Kafka with a producer, the schemas. A process that starts before its servers waits
 * for them; one that finds them unprepared says so in one sentence and ends.
 */
export interface DependencySettings extends MongoDependencySettings {
  readonly kafka: {
    readonly brokers: readonly string[];
    readonly ssl: boolean;
    readonly saslMechanism: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly saslUsername: string;
    readonly saslPassword: string;
  };
  readonly topics: Topics;
  readonly schemaRegistry: {
    readonly url: string;
    readonly username: string;
    readonly password: string;
    readonly timeoutMs: number;
  };
  readonly process: { readonly dependencyGiveUpMs: number };
}

export interface Dependencies {
  readonly kafka: Kafka;
  readonly producer: RecordProducer;
  readonly db: Db;
  readonly schemas: SchemaStore;
  readonly consume: ConsumeMetrics;
  readonly patiently: Patiently;
  /** Writes dead letters; waits while Kafka is away. */
  readonly park: (letters: readonly DeadLetter[], signal: AbortSignal) => Promise<void>;
}

/** What a dead letter may carry, so that it fits its topic with all that is said about it. */
const DEAD_LETTER_BYTES = 1024 * 1024;

/** @throws ConfigError when the database, topics or schemas are not prepared */
export async function openDependencies(
  service: string,
  context: ServiceContext,
  settings: DependencySettings,
): Promise<Dependencies> {
  const { log } = context;
  const consume = consumeMetrics(context.metrics);
  const patiently = createPatience({
    giveUpMs: settings.process.dependencyGiveUpMs,
    onTrouble: (error) => {
      consume.dependencyUp(error.dependency, 0);
      log.warn('dependency.away', { dependency: error.dependency, reason: error.message });
    },
    onRecovered: (dependency) => {
      consume.dependencyUp(dependency, 1);
      log.info('dependency.back', { dependency });
    },
    onGiveUp: context.fatal,
  });
  const db = await openMongo(service, context, settings);
  const kafka = createKafka(kafkaSettings(service, settings), (detail, fields) =>
    tellsOfLoss(detail) ? log.error('records.expired', fields) : log.warn('kafka.client', { detail, ...fields }),
  );
  const producer = await openKafka(kafka, context, settings);
  const schemas = await openSchemas(db, context, settings);
  const deadLetterId = await context.untilReachable('schema-registry', () =>
    schemas.writerId(subjectOf(settings.topics.deadLetter), newestSchema('dead-letter')),
  );
  const encoder = createDeadLetterEncoder(deadLetterId);
  const park = async (letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> => {
    const records = letters.map((letter) => ({
      key: letter.key,
      value: encoder.encode(cutToFit(letter, DEAD_LETTER_BYTES)),
    }));
    await patiently(() => producer.send(settings.topics.deadLetter, records), signal);
    for (const { reason, detail, source } of letters) {
      consume.deadLetters(reason);
      log.warn('record.parked', { reason, detail, ...source });
    }
  };
  return { kafka, producer, db, schemas, consume, patiently, park };
}

async function openKafka(
  kafka: Kafka,
  context: ServiceContext,
  { topics }: DependencySettings,
): Promise<RecordProducer> {
  const producer = await context.untilReachable('kafka', () => createProducer(kafka));
  context.onShutdown('kafka producer', () => producer.disconnect());
  const missing = await context.untilReachable('kafka', () => missingTopics(kafka, Object.values(topics)));
  if (missing.length > 0) throw new ConfigError([`the topics ${missing.join(', ')} don't exist: run npm run migrate`]);
  const probe = kafkaProbe(kafka);
  context.onShutdown('kafka probe', () => probe.close());
  watchDependency(context, 'kafka', () => probe.answers());
  return producer;
}

async function openSchemas(db: Db, context: ServiceContext, settings: DependencySettings): Promise<SchemaStore> {
  const { url, username, password, timeoutMs } = settings.schemaRegistry;
  const credentials = username === '' ? {} : { username, password };
  const registry = createRegistryClient({ url, timeoutMs, ...credentials });
  watchDependency(context, 'schema-registry', () => answersAt(`${url.replace(/\/$/, '')}/subjects`, credentials));
  return context.untilReachable('mongodb', () =>
    openSchemaStore({
      registry,
      known: mongoKnownSchemas(db),
      onWarning: (detail) => context.log.warn('schemas.not-stored', { detail }),
    }),
  );
}

/** For every Kafka client of ours. */
export function kafkaSettings(service: string, { kafka }: Pick<DependencySettings, 'kafka'>) {
  return { clientId: service, brokers: kafka.brokers, ssl: kafka.ssl, sasl: saslOf(kafka) };
}

function saslOf({ saslMechanism, saslUsername, saslPassword }: DependencySettings['kafka']): SASLOptions | undefined {
  const credentials = { username: saslUsername, password: saslPassword };
  switch (saslMechanism) {
    case 'none':
      return undefined;
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return { mechanism: saslMechanism, ...credentials };
  }
}
