import { expect, test } from '@jest/globals';
import { withoutPassword } from '../../../../deploy/local/given-servers.js';
import { lastLines } from '../../../../deploy/local/run-tool.js';
import { StackError } from '../../../../deploy/local/stack-error.js';

test('the last lines are those that say something', () => {
  expect(lastLines('a\n\nb  \n\nc\n\n', 2)).toEqual(['b', 'c']);
});

test('a message is a sentence, with the log below it', () => {
  expect(new StackError('It is broken.', ['why']).message).toBe('It is broken.\n  | why');
  expect(new StackError('It is broken.').message).toBe('It is broken.');
});

test("a driver's message is shown without the password of the address it quotes", () => {
  expect(withoutPassword('cannot reach mongodb://user:secret@host:1/db now')).toBe(
    'cannot reach mongodb://host:1/db now',
  );
});
