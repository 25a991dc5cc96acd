import { describe, expect, test } from '@jest/globals';
import type { FailureFilter } from '../../../services/admin/contract/failure.js';
import { closedAtFirst, jsonNode, structureOf } from '../../../services/admin/console/src/elements/json-node.js';
import {
  filterOf,
  isFiltered,
  periodOf,
  withFilter,
} from '../../../services/admin/console/src/failures/failure-filter.js';
import { EMPTY_VALUES } from '../../../services/admin/console/src/form/form-values.js';
import { mergeTyped } from '../../../services/admin/console/src/form/merge-typed.js';
import { problemFaults } from '../../../services/admin/console/src/form/problem-faults.js';
import { durationText, relativeTime, shareText } from '../../../services/admin/console/src/instants.js';
import { drawSparkline } from '../../../services/admin/console/src/webhooks/sparkline-path.js';

describe('two edits of one webhook are merged part by part', () => {
  const before = { ...EMPTY_VALUES, url: 'https://a.example', events: ['call.end' as const] };
  const current = { ...before, url: 'https://theirs.example', events: ['call.answered' as const] };

  test('what was typed stays, what was not touched becomes what is saved now', () => {
    const typed = { ...before, events: ['message.read' as const] };
    expect(mergeTyped(before, typed, current)).toEqual({ ...current, events: ['message.read'] });
  });

  test('without a change of one’s own it is what is saved now', () => {
    expect(mergeTyped(before, structuredClone(before), current)).toEqual(current);
  });
});

test('faults of the API go to their fields; what no field shows is told above the form', () => {
  const fault = (pointer: string) => ({ pointer, code: 'x', message: `at ${pointer}` });
  const errors = ['/url', '/headers/3/name', '/events/2', '/authentication/password', '/headers', '/surprise~1x'];
  const { fields, rest } = problemFaults({
    ...{ type: '', title: '', status: 422, detail: '', requestId: '' },
    errors: errors.map(fault),
  });
  expect(fields.map(({ path }) => path)).toEqual(['url', 'headers.3.name', 'events', 'authentication.password']);
  expect(rest).toEqual(['at /headers', 'at /surprise~1x']);
});

describe('filters of the failure log', () => {
  const now = Date.parse('2026-11-24T10:30:45.678Z');
  test.each<[string, FailureFilter]>([
    ['', {}],
    ['period=1h', { from: '2026-11-24T09:30:00.000Z' }],
    ['period=24h', { from: '2026-11-23T10:30:00.000Z' }],
    ['period=nonsense', {}],
    ['period=own&from=2026-11-01T00:00:00Z&to=', { from: '2026-11-01T00:00:00.000Z' }],
    ['from=2026-11-01T00:00:00Z', {}],
    ['period=own&from=rubbish', {}],
    ['eventType=call.end&statusClass=none', { eventType: 'call.end', statusClass: 'none' }],
    ['eventType=call.explode&statusClass=9xx', {}],
    ['eventId=%20evt_1%20', { eventId: 'evt_1' }],
    ['eventId=%20', {}],
  ])('"%s" asks for %j', (search, filter) => {
    expect(filterOf(new URLSearchParams(search), now)).toEqual(filter);
    expect(isFiltered(filter)).toBe(Object.keys(filter).length > 0);
  });

  test('one is set and taken away without touching the others', () => {
    const set = withFilter(new URLSearchParams('eventId=e'), 'period', '7d');
    expect(periodOf(set)).toBe('7d');
    expect(withFilter(set, 'period', 'all').toString()).toBe('eventId=e');
  });
});

describe('a sparkline', () => {
  const box = { width: 100, height: 20, inset: 0 };
  test('reaches from edge to edge, nought at the bottom, the greatest at the top', () => {
    expect(drawSparkline([0, 5, 10], box)).toEqual({ lines: ['M0 20L50 10L100 0'], dots: [] });
  });

  test('keeps gaps: lines end at them, a lonely value is a dot', () => {
    expect(drawSparkline([10, 10, null, 10, null], box)).toEqual({ lines: ['M0 0L25 0'], dots: [[75, 0]] });
  });

  test('of noughts lies at the bottom; of nothing is nothing', () => {
    expect(drawSparkline([0, 0], box).lines).toEqual(['M0 20L100 20']);
    expect(drawSparkline([null, null], box)).toEqual({ lines: [], dots: [] });
  });
});

describe('JSON as it is shown', () => {
  test.each([
    ['{"a":1}', true],
    ['[]', true],
    ['12', false],
    ['"text"', false],
    ['{broken', false],
    ['', false],
    ['<b>', false],
  ])('%s is a document with parts: %s', (text, expected) => {
    expect(structureOf(text) !== undefined).toBe(expected);
  });

  test('text is quoted, so that no markup and no control character is more than text', () => {
    expect(jsonNode('<b>\u0000"')).toEqual({ kind: 'string', text: '"<b>\\u0000\\""' });
  });

  test('what is deep or long starts closed, the document itself open', () => {
    const value = { list: [1, 2, 3], deep: { er: { still: {} } }, 'a/b': [1] };
    expect([...closedAtFirst(value, 1, 2)]).toEqual(['/list', '/deep/er', '/deep/er/still']);
    expect([...closedAtFirst(value, 0, 0)]).toContain('/a~1b');
  });
});

describe('figures in words', () => {
  test.each([
    [null, '–'],
    [1, '100 %'],
    [0.99999, '99.9 %'],
    [0.5, '50 %'],
    [0, '0 %'],
  ])('a share of %s is %s', (share, text) => {
    expect(shareText(share)).toBe(text);
  });

  test.each([
    [null, '–'],
    [0.2, '< 1 ms'],
    [85.4, '85 ms'],
    [1_240, '1.2 s'],
    [60_000, '60 s'],
  ])('%s ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  test.each([
    [-30, '30 sec. ago'],
    [12, 'in 12 sec.'],
    [-150, '2 min. ago'],
    [-7_300, '2 hr. ago'],
    [-200_000, '2 days ago'],
  ])('%s s from now is "%s"', (seconds, text) => {
    const now = Date.parse('2026-11-24T10:00:00Z');
    expect(relativeTime(new Date(now + seconds * 1_000).toISOString(), now)).toBe(text);
  });
});
