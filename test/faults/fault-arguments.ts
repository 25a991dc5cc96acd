import { parseArgs } from 'node:util';

export interface FaultArguments {
  /** Names of scenarios; empty for all. */
  readonly scenarios: readonly string[];
  readonly seconds: number | undefined;
  readonly rate: number | undefined;
  readonly seed: number;
  readonly json: boolean;
  readonly list: boolean;
  /** Keeps the logs of runs that hold, too. */
  readonly keep: boolean;
}

/** Reads the command line. @throws Error with a sentence about what is wrong */
export function readFaultArguments(argv: readonly string[], known: readonly string[]): FaultArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      seconds: { type: 'string' },
      rate: { type: 'string' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const scenarios = values.scenario.flatMap((names) => names.split(','));
  const unknown = scenarios.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`there is no scenario ${unknown.join(', ')}; --list names them`);
  return {
    scenarios,
    seconds: values.seconds === undefined ? undefined : wholeNumber('--seconds', values.seconds, 1),
    rate: values.rate === undefined ? undefined : wholeNumber('--rate', values.rate, 1),
    seed: wholeNumber('--seed', values.seed, 0),
    json: values.json,
    list: values.list,
    keep: values.keep,
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} must be a whole number of ${least} or more`);
  return value;
}
