import { parseArgs } from 'node:util';
import { readWhole } from '../simulator/simulator-arguments.js';

/** What the demo was asked for. */
export interface DemoArguments {
  /** Runs to the end, verifies every delivery and ends; otherwise it goes on until Ctrl-C. */
  readonly once: boolean;
  /** Events per second. */
  readonly rate: number;
  readonly events: number;
  readonly seed: number;
}

export const DEMO_USAGE = `Usage: npm start -- [options]
  --once          produce, verify every delivery, print the result as JSON and end; on servers of its own
  --rate <n>      events per second (50; with --once 200)
  --events <n>    how many events (without end; with --once 2000)
  --seed <n>      the same seed gives the same calls and conversations (1)`;

/** Reads the command line. @throws Error with a sentence for its user */
export function readDemoArguments(args: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      rate: { type: 'string' },
      events: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { once } = values;
  return {
    once,
    rate: readWhole('--rate', values.rate ?? (once ? '200' : '50'), 1),
    events:
      values.events === undefined && !once
        ? Number.MAX_SAFE_INTEGER
        : readWhole('--events', values.events ?? '2000', 1),
    seed: readWhole('--seed', values.seed, 0),
  };
}
