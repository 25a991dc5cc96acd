import type { BenchArguments, ScenarioId } from './bench-arguments.js';
import type { Figure } from './figure.js';

export type Settings = Pick<BenchArguments, 'quick' | 'profile'>;

/** One of the measurements. */
export interface Scenario {
  readonly id: ScenarioId;
  readonly title: string;
  readonly run: (settings: Settings, say: (line: string) => void) => Promise<readonly Figure[]>;
}
