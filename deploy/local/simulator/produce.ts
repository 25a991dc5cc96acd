import { setTimeout as sleep } from 'node:timers/promises';
import { Pace } from './pace.js';
import type { Pipelines } from './pipelines.js';
import type { SimulatedEvent } from './simulated-event.js';

/**
 * Sends events at a steady rate: as soon as one is due, with those that fell due while the batch before it was on its
 * way. One batch is on its way at a time, so the events of a conversation arrive in order even when a batch is retried.
 */
export interface ProduceOptions {
  readonly pipelines: Pick<Pipelines, 'send'>;
  readonly events: Iterable<SimulatedEvent, void>;
  /** Events per second. */
  readonly rate: number;
  /** Gathers what falls due for so long, as a pipeline's producer may; 0 unless told. */
  readonly lingerMs?: number;
  /** Takes each batch when its fate is known, in order. */
  readonly onProduced?: (batch: readonly ProducedEvent[]) => void;
  /** Ends the run after the batch that is on its way. */
  readonly signal?: AbortSignal;
}

/** What became of an event. */
export interface ProducedEvent extends SimulatedEvent {
  /** Epoch ms at which the event was due and taken, before it was encoded and sent: the start of its latency. */
  readonly producedAt: number;
  /** Whether Kafka acknowledged it; if not, it may have been stored or not. */
  readonly acked: boolean;
}

export interface ProduceResult {
  readonly produced: number;
  readonly acked: number;
  readonly seconds: number;
  /** Why the last batch that wasn't acknowledged wasn't. */
  readonly lastError: string | null;
}

/** Longest and shortest rest between two looks at the schedule; the timers of Node are no finer than 1 ms. */
const REST_MS = { least: 1, most: 10 };

/** Resolves when all events are sent and their fate is known. An event that isn't acknowledged isn't sent again. */
export async function produceEvents(options: ProduceOptions): Promise<ProduceResult> {
  const startedAt = performance.now();
  const pace = new Pace({ rate: options.rate, startedAt });
  const source = options.events[Symbol.iterator]();
  let [produced, acked, lastError]: [number, number, string | null] = [0, 0, null];
  while (options.signal?.aborted !== true) {
    const batch = takeUpTo(pace.take(performance.now()), source);
    if (batch === undefined) break;
    if (batch.length > 0) {
      const producedAt = Date.now();
      const error = await options.pipelines.send(batch).then(
        () => null,
        (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
      );
      produced += batch.length;
      if (error === null) acked += batch.length;
      else lastError = error;
      options.onProduced?.(batch.map((event) => ({ ...event, producedAt, acked: error === null })));
    }
    const restMs = pace.waitMs(performance.now());
    const lingerMs = options.lingerMs ?? 0;
    if (restMs > 0 || lingerMs > 0)
      await sleep(Math.max(lingerMs, Math.min(Math.max(restMs, REST_MS.least), REST_MS.most)));
  }
  return { produced, acked, lastError, seconds: (performance.now() - startedAt) / 1_000 };
}

/** The next events; undefined when there are no more. */
function takeUpTo(count: number, source: Iterator<SimulatedEvent, void>): SimulatedEvent[] | undefined {
  const batch: SimulatedEvent[] = [];
  while (batch.length < count) {
    const next = source.next();
    if (next.done === true) return batch.length > 0 ? batch : undefined;
    batch.push(next.value);
  }
  return batch;
}
