import type { Scenario } from './scenario.js';
import { throughput } from './scenarios/a-throughput.js';
import { fanOut } from './scenarios/b-fan-out.js';
import { endToEnd } from './scenarios/c-end-to-end.js';
import { isolation } from './scenarios/d-isolation.js';
import { retries } from './scenarios/e-retries.js';
import { recovery } from './scenarios/f-recovery.js';
import { growth } from './scenarios/g-growth.js';
import { scaleOut } from './scenarios/h-scale-out.js';
import { memory } from './scenarios/i-memory.js';

/** In the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  throughput,
  fanOut,
  endToEnd,
  isolation,
  retries,
  recovery,
  growth,
  scaleOut,
  memory,
];
