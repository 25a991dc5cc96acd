import { expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { askHidden, firstLine } from '../../../services/admin/cli/read-password.js';

function terminal() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  return { input, output, shown: () => (output.read() as Buffer | null)?.toString() ?? '' };
}

test('a password that is typed on a terminal is taken, and not shown', async () => {
  const { input, output, shown } = terminal();
  const asked = askHidden('Password: ', input, output);
  for (const key of 'a long secret\b.') input.write(key);
  input.write('\r');
  expect(await asked).toBe('a long secre.');
  expect(shown()).toBe('Password: \n');
});

test('nothing typed means that one is to be generated', async () => {
  const { input, output } = terminal();
  const asked = askHidden('Password: ', input, output);
  input.write('\r');
  expect(await asked).toBeUndefined();
});

test.each([
  ['Ctrl-C', (input: PassThrough) => input.write('half a word\u0003')],
  ['the end of the input', (input: PassThrough) => input.end()],
])('%s gives it up', async (_, give) => {
  const { input, output, shown } = terminal();
  const asked = askHidden('Password: ', input, output);
  give(input);
  await expect(asked).rejects.toThrow('No password was typed.');
  expect(shown()).toBe('Password: \n');
});

test.each([
  ['with a line break', 'the password\n', 'the password'],
  ['with that of Windows, and more lines', 'the password\r\nmore\n', 'the password'],
  ['without one', 'the password', 'the password'],
])('of what is piped in, the first line is the password: %s', async (_, text, password) => {
  const input = new PassThrough();
  input.end(text);
  expect(await firstLine(input)).toBe(password);
});

test('nothing piped in is told', async () => {
  const input = new PassThrough();
  input.end('');
  await expect(firstLine(input)).rejects.toThrow('The standard input holds no password.');
});
