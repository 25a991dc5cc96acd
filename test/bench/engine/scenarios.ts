import type { Scenario } from './scenario.js';
import { throughput } from './scenarios/a-throughput.js';

/** In the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [throughput];
