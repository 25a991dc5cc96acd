import type { Scenario } from '../scenario.js';
import { ADMIN_SCENARIOS } from './admin.js';
import { BROKER_SCENARIOS } from './brokers.js';
import { CLOCK_SCENARIOS } from './clocks.js';
import { DEPENDENCY_SCENARIOS } from './dependencies.js';
import { ENDPOINT_SCENARIOS } from './endpoints.js';
import { FUZZ_SCENARIOS } from './fuzz.js';
import { GROUP_SCENARIOS } from './groups.js';
import { PROCESS_SCENARIOS } from './processes.js';
import { SOAK_SCENARIOS } from './soak.js';

/** All scenarios, in the order of what can lose events. */
export const SCENARIOS: readonly Scenario[] = [
  ...PROCESS_SCENARIOS,
  ...GROUP_SCENARIOS,
  ...CLOCK_SCENARIOS,
  ...DEPENDENCY_SCENARIOS,
  ...BROKER_SCENARIOS,
  ...ENDPOINT_SCENARIOS,
  ...ADMIN_SCENARIOS,
  ...FUZZ_SCENARIOS,
  ...SOAK_SCENARIOS,
];
