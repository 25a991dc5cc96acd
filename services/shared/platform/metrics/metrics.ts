import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { Durations } from './durations.js';

/**
 * Declares metrics so that they stay cheap and bounded: the values of a label are listed when the metric is declared,
 * each series is bound once and stands at 0 from the start, and a value that isn't listed counts as `other`. So no
 * label can ever grow with the number of webhooks or companies.
 */
export interface Metrics {
  readonly counter: (name: string, help: string) => Count;
  readonly counterBy: <V extends string>(spec: By<V>) => CountBy<V>;
  readonly gauge: (name: string, help: string) => Level;
  readonly gaugeBy: <V extends string>(spec: By<V>) => LevelBy<V>;
  /** A number that another part already keeps, read when it is scraped; may be declared once per value of the label. */
  readonly readFrom: (spec: ReadFrom) => void;
  /** Lag and the like, one series per partition of a topic; a series goes when the partition is given away. */
  readonly gaugePerPartition: (name: string, help: string) => LevelPerPartition;
  /** `buckets` are upper bounds in seconds, ascending. */
  readonly duration: (name: string, help: string, buckets: readonly number[]) => Duration;
  readonly durationBy: <V extends string>(spec: By<V> & { readonly buckets: readonly number[] }) => DurationBy<V>;
  /** The exposition that Prometheus scrapes. */
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** A metric with one label; `values` are all that it takes. */
export interface By<V extends string> {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly values: readonly V[];
}

export interface ReadFrom {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly value: string;
  readonly read: () => number;
}

export type Count = (n?: number) => void;
export type CountBy<V extends string> = (value: V, n?: number) => void;
export interface Level {
  readonly set: (n: number) => void;
  /** Reads the level when it is scraped, instead of setting it at every change; of several readers, the sum. */
  readonly readFrom: (read: () => number) => void;
}
export type LevelBy<V extends string> = (value: V, n: number) => void;
export interface LevelPerPartition {
  readonly set: (topic: string, partition: number, n: number) => void;
  readonly remove: (topic: string, partition: number) => void;
}
export type Duration = (seconds: number) => void;
export type DurationBy<V extends string> = (value: V, seconds: number) => void;

const OTHER = 'other';
/** How often the event loop's delay is sampled. Each sample wakes the process: a fifth of an idle one's CPU at 10 ms. */
const LOOP_SAMPLE_MS = 50;

/** The metrics of a process, with those of Node (memory, event-loop lag, GC) among them; `service` labels them all. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  const registers = [registry];
  return {
    counter: (name, help) => {
      const pending = { count: 0 };
      const counter: Counter = new Counter({ name, help, registers, collect: (): void => counter.inc(taken(pending)) });
      return (n = 1) => void (pending.count += n);
    },
    counterBy: ({ name, help, label, values }) => {
      const pending = new Map<string, { count: number }>(values.map((value) => [value, { count: 0 }]));
      const collect = (): void => {
        for (const [value, one] of pending) counter.inc({ [label]: value }, taken(one));
      };
      const counter: Counter<string> = new Counter({ name, help, labelNames: [label], registers, collect });
      const of = seriesOf(values, (value) => pending.get(value) ?? added(pending, value));
      return (value, n = 1) => void (of(value).count += n);
    },
    gauge: (name, help) => createLevel(name, help, registers),
    gaugeBy: ({ name, help, label, values }) => {
      const gauge = new Gauge({ name, help, labelNames: [label], registers });
      const level = seriesOf(values, (value) => gauge.labels(value));
      return (value, n) => level(value).set(n);
    },
    readFrom: createReadings(registers),
    gaugePerPartition: (name, help) => {
      const gauge = new Gauge({ name, help, labelNames: ['topic', 'partition'], registers });
      return {
        set: (topic, partition, n) => gauge.set({ topic, partition }, n),
        remove: (topic, partition) => gauge.remove({ topic, partition }),
      };
    },
    duration: (name, help, buckets) => new Durations({ name, help, buckets }, registry).series().observe,
    durationBy: ({ name, help, label, values, buckets }) => {
      const durations = new Durations({ name, help, label, buckets }, registry);
      const of = seriesOf(values, (value) => durations.series(value));
      return (value, seconds) => of(value).observe(seconds);
    },
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/** What was counted since the last scrape: to count costs an addition, the library's own counter is told then. */
function taken(pending: { count: number }): number {
  const { count } = pending;
  pending.count = 0;
  return count;
}

function added(pending: Map<string, { count: number }>, value: string): { count: number } {
  const one = { count: 0 };
  pending.set(value, one);
  return one;
}

function createLevel(name: string, help: string, registers: Registry[]): Level {
  const readers: (() => number)[] = [];
  const gauge = new Gauge({
    name,
    help,
    registers,
    collect: () => {
      if (readers.length > 0) gauge.set(readers.reduce((sum, read) => sum + read(), 0));
    },
  });
  return {
    set: (n) => gauge.set(n),
    readFrom: (read) => void readers.push(read),
  };
}

/** Declares a metric at its first value; further values join it. */
function createReadings(registers: Registry[]): Metrics['readFrom'] {
  const readersOf = new Map<string, Pick<ReadFrom, 'value' | 'read'>[]>();
  return ({ kind, name, help, label, value, read }) => {
    const readers = readersOf.get(name) ?? [];
    readers.push({ value, read });
    if (readersOf.has(name)) return;
    readersOf.set(name, readers);
    const collect = (): void => {
      metric.reset();
      for (const reader of readers) metric.inc({ [label]: reader.value }, reader.read());
    };
    const declaration = { name, help, labelNames: [label], registers, collect };
    const metric = kind === 'counter' ? new Counter(declaration) : new Gauge(declaration);
  };
}

/** Binds a series to each value, and one more to all that isn't listed. */
function seriesOf<S>(values: readonly string[], bind: (value: string) => S): (value: string) => S {
  const series = new Map(values.map((value) => [value, bind(value)]));
  let other: S | undefined;
  return (value) => series.get(value) ?? (other ??= bind(OTHER));
}
