import type { Metric, Registry } from 'prom-client';

/**
 * A histogram of durations for the hot path: counting is a search among the bounds and two additions.
 *
 * prom-client's own takes half a microsecond per observation, a whole one with a label; a delivery has three. It is a
 * metric of the registry like any other: what is scraped is the same, buckets that add up, sum and count.
 */
export interface DurationsSpec {
  readonly name: string;
  readonly help: string;
  /** Upper bounds in seconds, ascending. */
  readonly buckets: readonly number[];
  /** Of the one label; undefined where there is none. */
  readonly label?: string;
}

export interface DurationSeries {
  readonly observe: (seconds: number) => void;
}

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class Durations {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #spec: DurationsSpec;
  readonly #series: { readonly labelValue: string | undefined; readonly totals: Totals }[] = [];

  constructor(spec: DurationsSpec, registry: Registry) {
    this.#spec = spec;
    this.name = spec.name;
    this.help = spec.help;
    // The registry asks a metric for no more than its name and `get`, whatever its type says.
    registry.registerMetric(this as unknown as Metric);
  }

  /** One series, which stands at 0 from now on. */
  series(labelValue?: string): DurationSeries {
    const totals = new Totals(this.#spec.buckets);
    this.#series.push({ labelValue, totals });
    return totals;
  }

  get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: Value[] }> {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({
      name,
      help,
      type,
      aggregator,
      values: this.#series.flatMap((one) => this.#valuesOf(one)),
    });
  }

  reset(): void {
    for (const { totals } of this.#series) totals.reset();
  }

  #valuesOf({ labelValue, totals }: { readonly labelValue: string | undefined; readonly totals: Totals }): Value[] {
    const { label } = this.#spec;
    const sharedLabels = label === undefined || labelValue === undefined ? {} : { [label]: labelValue };
    const value = (part: string, of: number, labels: Value['labels'] = {}): Value => ({
      metricName: `${this.name}_${part}`,
      labels,
      sharedLabels,
      value: of,
    });
    return [
      ...totals.upTo().map(([le, count]) => value('bucket', count, { le })),
      value('sum', totals.sum),
      value('count', totals.count),
    ];
  }
}

class Totals implements DurationSeries {
  readonly #bounds: readonly number[];
  /** Per bucket, the last one for what exceeds all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  readonly observe = (seconds: number): void => {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += seconds;
  };

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Each bound with how many stayed within it. */
  upTo(): (readonly [bound: number | '+Inf', count: number])[] {
    let within = 0;
    return this.#counts.map((count, index) => [this.#bounds[index] ?? '+Inf', (within += count)] as const);
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }
}
