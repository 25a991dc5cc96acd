import { parseArgs } from 'node:util';
import { BEHAVIOURS, isBehaviour, type Behaviour } from './demo-behaviour.js';

/** What the receiver process was asked for. */
export interface ReceiverArguments {
  readonly endpoints: readonly { readonly behaviour: Behaviour; readonly path: string }[];
  readonly slowMs: number;
  /** Where to write the certificate of the authority. */
  readonly caFile: string | undefined;
}

export const RECEIVER_USAGE = `usage: receiver [--endpoint <${BEHAVIOURS.join('|')}>=<path>]… [--slow-ms <ms>] [--ca-file <file>]`;

/** Reads the command line. @throws Error with a sentence for its user */
export function readReceiverArguments(args: readonly string[]): ReceiverArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      endpoint: { type: 'string', multiple: true, default: BEHAVIOURS.map((name) => `${name}=/${name}`) },
      'slow-ms': { type: 'string', default: '300' },
      'ca-file': { type: 'string' },
    },
  });
  const slowMs = Number(values['slow-ms']);
  if (!Number.isInteger(slowMs) || slowMs < 0)
    throw new Error(`--slow-ms ${values['slow-ms']} is not a duration in ms`);
  return { endpoints: values.endpoint.map(readEndpoint), slowMs, caFile: values['ca-file'] };
}

function readEndpoint(text: string): { behaviour: Behaviour; path: string } {
  const [behaviour = '', path = ''] = text.split('=', 2);
  if (!isBehaviour(behaviour)) throw new Error(`--endpoint ${text}: there is no behaviour "${behaviour}"`);
  if (!path.startsWith('/')) throw new Error(`--endpoint ${text}: the path must begin with a slash`);
  return { behaviour, path };
}
