import { parseArgs } from 'node:util';
import type { Command, FlagName, Given, ValueName } from './command.js';
import { COMMANDS } from './commands.js';
import { UsageError } from './usage-error.js';

/** What was typed: a known command with all that it needs, or the wish to read the help. */
export type CommandLine =
  { readonly kind: 'help' } | { readonly kind: 'command'; readonly command: Command; readonly given: Given };

const SEE_HELP = 'npm run admin -- --help tells more.';

/** @throws UsageError when the command doesn't exist, or misses an option, or doesn't know one */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [name, ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') return { kind: 'help' };
  if (name === undefined) throw new UsageError(`A command is missing. ${SEE_HELP}`);
  const command = COMMANDS.get(name);
  // What isn't a command isn't repeated: it may be a password in a wrong place.
  if (command === undefined) throw new UsageError(`There is no such command. ${SEE_HELP}`);
  const values = parse(name, command, rest);
  if (values['help'] === true) return { kind: 'help' };
  const textOf = (option: ValueName): string => {
    const value = values[option];
    return typeof value === 'string' ? value.trim() : '';
  };
  const missing = command.values.filter((option) => textOf(option) === '');
  if (missing.length > 0)
    throw new UsageError(`${name} misses ${missing.map((option) => `--${option}`).join(', ')}. ${SEE_HELP}`);
  return { kind: 'command', command, given: { value: textOf, has: (flag: FlagName) => values[flag] === true } };
}

function parse(name: string, { values, flags }: Command, args: readonly string[]): Readonly<Record<string, unknown>> {
  const options = {
    ...Object.fromEntries(values.map((option) => [option, { type: 'string' } as const])),
    ...Object.fromEntries(flags.map((option) => [option, { type: 'boolean' } as const])),
    help: { type: 'boolean', short: 'h' } as const,
  };
  try {
    return { ...parseArgs({ args: [...args], options, allowPositionals: false }).values };
  } catch (error) {
    throw new UsageError(`${name} ${faultOf(error)}. ${SEE_HELP}`);
  }
}

/** Node's own sentences quote what was typed, a secret in a wrong place included: only the name of an option is kept. */
function faultOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const names = [...COMMANDS.values()].flatMap(({ values, flags }): readonly string[] => [...values, ...flags]);
  const named = names.find((option) => new RegExp(`'--${option}[ ='<]`).test(message));
  const option = named === undefined ? undefined : `--${named}`;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `has no option ${option ?? 'of that name'}`;
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return `was given ${option ?? 'an option'} with a wrong value or none`;
  return 'takes nothing but options';
}
