import { kafkaSchema } from '../../../config/schema-kafka.js';

/** Where the pipelines write to. */
export interface PipelineSettings {
  readonly brokers: readonly string[];
  /** With the prefix of the environment. */
  readonly topics: { readonly 'call-event': string; readonly 'whatsapp-event': string };
  readonly registryUrl: string;
}

/** Reads the same variables as the services do, with the same defaults; the others of theirs don't matter here. */
export function pipelineSettings(env: NodeJS.ProcessEnv): PipelineSettings {
  const { kafka, topics, schemaRegistry } = kafkaSchema;
  const valueOf = ({ env: name, default: fallback }: { env: string; default: unknown }): string =>
    env[name]?.trim() || String(fallback);
  const prefix = valueOf(kafka.prefix);
  return {
    brokers: valueOf(kafka.brokers)
      .split(',')
      .map((broker) => broker.trim()),
    topics: {
      'call-event': prefix + valueOf(topics.callEvents),
      'whatsapp-event': prefix + valueOf(topics.whatsappEvents),
    },
    registryUrl: valueOf(schemaRegistry.url),
  };
}
