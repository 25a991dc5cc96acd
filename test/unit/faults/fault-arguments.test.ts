import { expect, test } from '@jest/globals';
import { readFaultArguments } from '../../faults/fault-arguments.js';

const KNOWN = ['kills', 'soak'];

test('scenarios may be given one by one or in a list, with their load and their seed', () => {
  expect(readFaultArguments(['--scenario', 'kills,soak', '--seconds', '9', '--seed', '7', '--json'], KNOWN)).toEqual({
    scenarios: ['kills', 'soak'],
    seconds: 9,
    rate: undefined,
    seed: 7,
    json: true,
    keep: false,
    list: false,
  });
});

test.each([
  [['--scenario', 'nonsense'], /no scenario nonsense/],
  [['--seconds', '0'], /--seconds must be a whole number of 1 or more/],
  [['--seed', 'x'], /--seed must be a whole number/],
  [['--unknown'], /--unknown/],
])('%s is refused with a sentence', (argv, sentence) => {
  expect(() => readFaultArguments(argv, KNOWN)).toThrow(sentence);
});
