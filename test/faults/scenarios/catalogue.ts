import type { Scenario } from '../scenario.js';
import { BROKER_SCENARIOS } from './brokers.js';
import { DEPENDENCY_SCENARIOS } from './dependencies.js';
import { ENDPOINT_SCENARIOS } from './endpoints.js';
import { GROUP_SCENARIOS } from './groups.js';
import { PROCESS_SCENARIOS } from './processes.js';

/** All scenarios, in the order of what can lose events. */
export const SCENARIOS: readonly Scenario[] = [
  ...PROCESS_SCENARIOS,
  ...GROUP_SCENARIOS,
  ...DEPENDENCY_SCENARIOS,
  ...BROKER_SCENARIOS,
  ...ENDPOINT_SCENARIOS,
];
