import type { Recipient } from './samples.js';

/** What the generator does, as a process of its own. */
export interface GeneratorTask {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Of the schema that the records are written with. */
  readonly schemaId: number;
  readonly content: 'jobs' | 'events';
  /** In turns. */
  readonly recipients: readonly Recipient[];
  /** A fixed number as fast as it can; or a rate per second for a time, each record alone, as pipelines do. */
  readonly pace: { readonly records: number } | SteadyPace;
  readonly firstNumber: number;
}

export interface SteadyPace {
  readonly perSecond: number;
  readonly ms: number;
  /** The same before, then a break: by then the generator's own code is compiled. None of it is in the result. */
  readonly warmUpMs?: number;
}

export interface GeneratorResult {
  readonly records: number;
  readonly cpuMs: number;
  readonly durationMs: number;
  /** How late the latest record was sent, against its plan, in ms. */
  readonly latestMs: number;
}
