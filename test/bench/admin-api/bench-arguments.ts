import { parseArgs } from 'node:util';

export interface BenchArguments {
  /** Entries in the failure log; 100,000 of them at one webhook, which is exported. */
  readonly entries: number;
  readonly companies: number;
  readonly clients: number;
  /** Of each measurement, after its warm-up. */
  readonly seconds: number;
  /** Names of scenarios; all when empty. */
  readonly only: readonly string[];
  /** Ends the output with one JSON object on a line of its own. */
  readonly json: boolean;
  /** Folder for a CPU profile of each admin process; undefined: none is taken, for it slows the process down. */
  readonly profile: string | undefined;
}

/** @throws Error with a sentence when an option is unknown or no positive number */
export function readBenchArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      entries: { type: 'string', default: '1000000' },
      companies: { type: 'string', default: '50' },
      clients: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '10' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  return {
    entries: positive('entries', values.entries),
    companies: positive('companies', values.companies),
    clients: positive('clients', values.clients),
    seconds: positive('seconds', values.seconds),
    only: values.only.split(',').filter((name) => name !== ''),
    json: values.json,
    profile: values.profile,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number above 0, not ${text}.`);
  return number;
}
