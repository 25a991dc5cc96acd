import { parseArgs } from 'node:util';
import { COMPRESSIONS, type Compression } from './pipelines.js';

/** What a simulation was asked for. */
export interface SimulatorArguments {
  /** Events per second. */
  readonly rate: number;
  readonly events: number;
  readonly seed: number;
  readonly companies: readonly string[];
  readonly compression: Compression;
}

export const SIMULATOR_USAGE = `Usage: npm run simulate -- [options]
  --rate <n>          events per second (200)
  --events <n>        how many events (2000)
  --seed <n>          the same seed gives the same calls and conversations (1)
  --companies <ids>   ids of the companies, separated by commas (co_demo)
  --compression <c>   ${COMPRESSIONS.join(' or ')} (none)
Addresses come from KAFKA_BROKERS and SCHEMA_REGISTRY_URL.`;

/** Reads the command line. @throws Error with a sentence for its user */
export function readSimulatorArguments(args: readonly string[]): SimulatorArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string', default: '200' },
      events: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      companies: { type: 'string', default: 'co_demo' },
      compression: { type: 'string', default: 'none' },
    },
  });
  const companies = values.companies.split(',').map((id) => id.trim());
  if (companies.includes('')) throw new Error(`--companies "${values.companies}": a company id is empty`);
  const compression = COMPRESSIONS.find((name) => name === values.compression);
  if (compression === undefined)
    throw new Error(`--compression ${values.compression}: choose ${COMPRESSIONS.join(' or ')}`);
  return {
    rate: readWhole('--rate', values.rate, 1),
    events: readWhole('--events', values.events, 1),
    seed: readWhole('--seed', values.seed, 0),
    companies,
    compression,
  };
}

/** A whole number of at least `least`. @throws Error with a sentence that names the option */
export function readWhole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option} "${text}": a whole number of at least ${least} is needed`);
}
