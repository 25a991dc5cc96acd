import { describe, expect, test } from '@jest/globals';
import { chartOf } from '../../bench/engine/chart.js';
import { cellsOf, isMet, ratioOf, rounded, type Figure } from '../../bench/engine/figure.js';
import { percentilesOf } from '../../bench/engine/percentiles.js';
import { table } from '../../bench/shared/table.js';

const BASE: Figure = { what: 'deliveries', value: 9_000, unit: '/s' };

describe('whether a figure meets its target', () => {
  test.each<[string, Partial<Figure>, boolean | undefined]>([
    ['none is set', {}, undefined],
    ['reached exactly', { target: { kind: 'at least', value: 9_000 } }, true],
    ['not reached', { target: { kind: 'at least', value: 9_001 } }, false],
    ['not exceeded', { target: { kind: 'at most', value: 9_000 } }, true],
    ['exceeded', { target: { kind: 'at most', value: 8_999 } }, false],
    ['a ratio to the limit', { limit: 6_000, target: { kind: 'at most', value: 1.5, of: 'ratio' } }, true],
    ['a ratio beyond', { limit: 5_999, target: { kind: 'at most', value: 1.5, of: 'ratio' } }, false],
    ['a ratio without a limit', { target: { kind: 'at most', value: 1.5, of: 'ratio' } }, undefined],
    ['nothing was measured', { value: NaN, target: { kind: 'at most', value: 1 } }, false],
    ['of the limit nothing was measured', { limit: NaN, target: { kind: 'at most', value: 1, of: 'ratio' } }, false],
  ])('%s', (_name, part, expected) => {
    expect(isMet({ ...BASE, ...part })).toBe(expected);
  });
});

test('a ratio is that of the value to the limit', () => {
  expect(ratioOf({ ...BASE, limit: 18_000 })).toBe(0.5);
  expect(ratioOf(BASE)).toBeUndefined();
});

test.each([
  [123.4, '123'],
  [12.34, '12.3'],
  [1.234, '1.23'],
  [0, '0.00'],
  [NaN, '–'],
])('%d is told as %s', (value, text) => {
  expect(rounded(value)).toBe(text);
});

test('a row has a cell for each column, empty where there is nothing to say', () => {
  expect(cellsOf(BASE)).toEqual(['deliveries', '9000', '/s', '', '', '', '']);
  const target = { kind: 'at most', value: 2, of: 'ratio' } as const;
  expect(cellsOf({ ...BASE, limit: 3_000, target })).toEqual([
    'deliveries',
    '9000',
    '/s',
    '3000',
    '3.00 ×',
    '≤ 2 ×',
    'NO',
  ]);
});

test('what was not measured is a dash, and meets no target', () => {
  const target = { kind: 'at most', value: 2, of: 'ratio' } as const;
  expect(cellsOf({ ...BASE, value: NaN, limit: NaN, target })).toEqual([
    'deliveries',
    '–',
    '/s',
    '–',
    '–',
    '≤ 2 ×',
    'NO',
  ]);
});

test('percentiles are those of the nearest rank, whatever the order', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentilesOf(values)).toEqual({ count: 100, p50: 50, p99: 99, max: 100 });
  expect(percentilesOf([7])).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
  expect(percentilesOf([]).p99).toBeNaN();
});

test('a table stands in columns, the first at the left', () => {
  expect(
    table([
      ['name', 'n'],
      ['a', 10],
    ]),
  ).toBe('name   n\na     10');
});

test('a chart is well-formed, whatever stands in a title, and shows value, limit and target', () => {
  const svg = chartOf('a < b & c', [{ ...BASE, limit: 18_000, target: { kind: 'at least', value: 15_000 } }]);
  expect(svg).toContain('a &lt; b &amp; c');
  expect(svg.match(/<rect /g)).toHaveLength(4);
  expect(svg).toContain('9000 /s (18000)');
  expect(svg).not.toContain('NaN');
});

test.each<[string, Partial<Figure>]>([
  ['value', { value: NaN, limit: 18_000 }],
  ['limit', { limit: NaN, target: { kind: 'at most', value: 2, of: 'ratio' } }],
])('a chart is well-formed without a measured %s', (_name, part) => {
  const svg = chartOf('a', [{ ...BASE, ...part }]);
  expect(svg).toContain('–');
  expect(svg).not.toContain('NaN');
});
