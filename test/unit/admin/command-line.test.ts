import { expect, test } from '@jest/globals';
import { readCommandLine } from '../../../services/admin/cli/command-line.js';
import { COMMANDS } from '../../../services/admin/cli/commands.js';
import { UsageError } from '../../../services/admin/cli/usage-error.js';

/** What an operator types: read whole and checked before anything is opened. */
function fault(args: readonly string[]): string {
  try {
    readCommandLine(args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

test('a complete line is the command and its values, without the spaces around them', () => {
  const line = readCommandLine(['reset-password', '--email', ' ann@example.com ', '--password-stdin']);
  if (line.kind !== 'command') throw new Error('it is the help');
  expect(line.command).toBe(COMMANDS.get('reset-password'));
  expect(line.given.value('email')).toBe('ann@example.com');
  expect(line.given.has('password-stdin')).toBe(true);
});

test.each([[['--help']], [['-h']], [['help']], [['create-user', '--help']], [['create-user', '-h']]])(
  '%j is the wish for help',
  (args) => {
    expect(readCommandLine(args)).toEqual({ kind: 'help' });
  },
);

test.each<[string, string[], string]>([
  ['nothing', [], 'A command is missing.'],
  ['an unknown command', ['remove-company'], 'There is no such command.'],
  ['the name of something else', ['constructor'], 'There is no such command.'],
  ['a missing option', ['create-company', '--company', 'co'], 'create-company misses --name.'],
  ['all missing options at once', ['create-user', '--role', 'owner'], 'misses --company, --email, --name.'],
  ['an empty option', ['list-users', '--company', ' '], 'list-users misses --company.'],
  ['an option without its value', ['list-users', '--company'], 'was given --company with a wrong value or none.'],
  ['an option of another command', ['list-users', '--company', 'co', '--role', 'x'], 'has no option --role.'],
  ['more than options', ['list-users', '--company', 'co', 'more'], 'list-users takes nothing but options.'],
  ['a value for a flag', ['reset-password', '--email', 'a@b', '--password-stdin=x'], 'was given --password-stdin with'],
])('%s is refused with a sentence that says it', (_, args, sentence) => {
  expect(fault(args)).toContain(sentence);
  expect(fault(args)).toContain('npm run admin -- --help tells more.');
});

test.each([
  [['create-user', '--password', 'canary-5521']],
  [['create-user', '--password=canary-5521']],
  [['create-user', '--canary-5521']],
  [['create-user', '-canary-5521']],
  [['reset-password', '--email', 'a@b', 'canary-5521']],
  [['reset-password', '--email', 'a@b', '--password-stdin=canary-5521']],
  [['reset-password', '--email', '-canary-5521']],
  [['canary-5521']],
])('a password in a wrong place is refused and not repeated: %j', (args) => {
  expect(fault(args)).not.toContain('canary');
});
