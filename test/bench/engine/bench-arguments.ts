import { parseArgs } from 'node:util';

export const SCENARIO_IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'] as const;
export type ScenarioId = (typeof SCENARIO_IDS)[number];

/** All but the ten minutes of the last one, which is measured when it is named. */
export const FULL_IDS: readonly ScenarioId[] = SCENARIO_IDS.slice(0, -1);
/** What there is time for in a quick run. */
const QUICK_IDS: readonly ScenarioId[] = ['a', 'b', 'c'];

export interface BenchArguments {
  /** Small sizes, and the first three scenarios unless others are named: a look in less than 90 s. */
  readonly quick: boolean;
  readonly only: readonly ScenarioId[];
  /** Ends the output with one JSON object on a line of its own. */
  readonly json: boolean;
  /** Folder for a CPU profile of each delivery and fan-out process; it slows them down. */
  readonly profile: string | undefined;
}

/** @throws Error with a sentence when an option is unknown or names no scenario */
export function readBenchArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const { quick, json, profile } = values;
  const names = values.only.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !isScenario(name));
  if (unknown.length > 0) throw new Error(`--only takes ${SCENARIO_IDS.join(',')}, not ${unknown.join(',')}.`);
  return { quick, json, profile, only: names.length > 0 ? names.filter(isScenario) : quick ? QUICK_IDS : FULL_IDS };
}

function isScenario(name: string): name is ScenarioId {
  return (SCENARIO_IDS as readonly string[]).includes(name);
}
