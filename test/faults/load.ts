import { simulateEvents } from '../../deploy/local/simulator/life-cycles.js';
import { openPipelines } from '../../deploy/local/simulator/pipelines.js';
import { produceEvents } from '../../deploy/local/simulator/produce.js';
import type { Config } from '../../config/schema.js';
import type { Produced } from './history.js';

/** The load of a run: the same seed gives the same events, ids included. */
export interface Load {
  /** Grows while the load runs. */
  readonly produced: readonly Produced[];
  readonly ended: boolean;
  /** Resolves when every event's fate is known. */
  readonly done: Promise<void>;
}

export interface LoadOptions {
  readonly seed: number;
  /** Events per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly companies: readonly string[];
  /** Ends the load before its time. */
  readonly signal?: AbortSignal | undefined;
}

/** As long as a pipeline's producer gathers records: one by one, 300 events a second leave a small machine no room. */
const LINGER_MS = 20;

/** Any instant will do: the events' own clock begins there. */
const STARTS_AT = Date.UTC(2026, 0, 1);

/** Begins to produce, and returns. An event that isn't acknowledged is not sent again. */
export async function startLoad(config: Config, options: LoadOptions): Promise<Load> {
  const { topics, kafka, schemaRegistry } = config;
  const pipelines = await openPipelines(
    {
      brokers: kafka.brokers,
      topics: { 'call-event': topics.callEvents, 'whatsapp-event': topics.whatsappEvents },
      registryUrl: schemaRegistry.url,
    },
    'none',
  );
  const { seed, rate, seconds, companies, signal } = options;
  const produced: Produced[] = [];
  let ended = false;
  const done = produceEvents({
    pipelines,
    events: simulateEvents({ seed, companies, events: Math.round(rate * seconds), startAt: STARTS_AT }),
    rate,
    lingerMs: LINGER_MS,
    ...(signal === undefined ? {} : { signal }),
    onProduced: (batch) => {
      const knownAt = Date.now();
      for (const { eventId, eventType, companyId, conversationId, eventSequence, producedAt, acked } of batch)
        produced.push({
          eventId,
          eventType,
          companyId,
          conversationId,
          sequence: eventSequence,
          at: producedAt,
          acked,
          knownAt,
        });
    },
  }).then(async () => {
    ended = true;
    await pipelines.close();
  });
  return {
    produced,
    done,
    get ended() {
      return ended;
    },
  };
}
