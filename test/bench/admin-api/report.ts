import { table } from '../shared/table.js';
import type { Latencies } from './load-task.js';

/** One measurement of one scenario. */
export interface LoadFigures {
  readonly scenario: string;
  readonly clients: number;
  readonly thinkMs: number;
  readonly requestsPerSecond: number;
  /** Of what the bound is for. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p99BoundMs: number;
  readonly isMet: boolean;
  /** CPU per request, in µs, of each process. */
  readonly adminUs: number;
  readonly mongodbUs: number;
  readonly generatorUs: number;
  /** Share of one core that the admin process used. */
  readonly adminLoad: number;
  readonly bytesPerAnswer: number;
  readonly labels: Readonly<Record<string, Latencies>>;
}

export interface ExportFigures {
  readonly reader: string;
  readonly entries: number;
  readonly megabytes: number;
  readonly seconds: number;
  readonly rssBeforeMiB: number;
  readonly rssPeakMiB: number;
  readonly growthMiB: number;
  readonly growthBoundMiB: number;
  readonly isMet: boolean;
}

/** For whoever watches. */
export function loadLine({ scenario, thinkMs, requestsPerSecond, p99Ms }: LoadFigures): string {
  return `  ${scenario}, pause ${thinkMs} ms: ${Math.round(requestsPerSecond)} req/s, p99 ${p99Ms.toFixed(1)} ms`;
}

export function loadTable(figures: readonly LoadFigures[]): string {
  const head = [
    'scenario',
    'pause',
    'req/s',
    'p50 ms',
    'p99 ms',
    'bound',
    'met',
    'admin µs',
    'mongod µs',
    'gen µs',
    'admin CPU',
  ];
  return table([
    head,
    ...figures.map((one) => [
      one.scenario,
      one.thinkMs === 0 ? 'none' : `${one.thinkMs / 1_000} s`,
      Math.round(one.requestsPerSecond),
      one.p50Ms.toFixed(1),
      one.p99Ms.toFixed(1),
      one.p99BoundMs,
      one.isMet ? 'yes' : 'NO',
      Math.round(one.adminUs),
      Math.round(one.mongodbUs),
      Math.round(one.generatorUs),
      `${Math.round(one.adminLoad * 100)} %`,
    ]),
  ]);
}

/** What a scenario is made of, where that is more than one thing. */
export function labelTable(figures: readonly LoadFigures[]): string {
  const rows = figures
    .filter(({ labels }) => Object.keys(labels).length > 1)
    .flatMap(({ scenario, thinkMs, labels }) =>
      Object.entries(labels).map(([label, { count, p50Ms, p99Ms, maxMs }]) => [
        `${scenario}: ${label}`,
        thinkMs === 0 ? 'none' : `${thinkMs / 1_000} s`,
        count,
        p50Ms.toFixed(1),
        p99Ms.toFixed(1),
        maxMs.toFixed(1),
      ]),
    );
  return table([['of which', 'pause', 'requests', 'p50 ms', 'p99 ms', 'max ms'], ...rows]);
}

export function exportTable(figures: readonly ExportFigures[]): string {
  return table([
    ['export to', 'entries', 'MB', 's', 'RSS before', 'RSS peak', 'growth MiB', 'bound', 'met'],
    ...figures.map((one) => [
      one.reader,
      one.entries,
      Math.round(one.megabytes),
      one.seconds.toFixed(1),
      Math.round(one.rssBeforeMiB),
      Math.round(one.rssPeakMiB),
      one.growthMiB.toFixed(1),
      one.growthBoundMiB,
      one.isMet ? 'yes' : 'NO',
    ]),
  ]);
}
