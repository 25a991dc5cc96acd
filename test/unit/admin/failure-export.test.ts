import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cursorOf, positionOf } from '../../../services/admin/api/failure-cursor.js';
import { csvLine, exportFile, exportFileName } from '../../../services/admin/api/failure-export.js';
import { RunningExports } from '../../../services/admin/api/running-exports.js';
import { readCsv } from '../../support/read-csv.js';
import { failureDocument } from '../../support/failure-documents.js';

describe('a cell of CSV', () => {
  test.each([
    ['text', 'plain', 'plain'],
    ['a comma', 'a,b', '"a,b"'],
    ['a quote', 'say "hi"', '"say ""hi"""'],
    ['a line break', 'a\r\nb', '"a\r\nb"'],
    ['a number', -1.5, '-1.5'],
    ['a truth', true, 'true'],
    ['nothing', null, ''],
    ['a formula', '=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
    ['a formula with a sign', '+1', "'+1"],
    ['a formula with a minus', '-1+cmd', "'-1+cmd"],
    ['a formula with an at', '@SUM(A1)', "'@SUM(A1)"],
    ['a tab before a formula', '\t=1', "'\t=1"],
    ['a carriage return before a formula', '\r=1', '"\'\r=1"'],
  ])('%s', (_, cell, text) => expect(csvLine([cell])).toBe(`${text}\r\n`));

  test('whatever a row holds, a reader of CSV gets it back, and no cell is a formula', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', "'", 'a') }));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (cells) => {
        const [row, ...others] = readCsv(csvLine(cells));
        expect(others).toEqual([]);
        expect(row).toEqual(cells.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell)));
      }),
    );
  });
});

test('nothing to export is a CSV file with its names alone, and an empty NDJSON file', async () => {
  const pieces = async (format: 'csv' | 'ndjson') => {
    const all: string[] = [];
    for await (const piece of exportFile(format, batches(0))) all.push(piece);
    return all;
  };
  expect((await pieces('csv')).join('')).toMatch(/^id,delivery_id,event_id,[a-z_,]+\r\n$/);
  expect(await pieces('ndjson')).toEqual([]);
});

async function* batches(count: number) {
  for (let number = 0; number < count; number += 1) yield await Promise.resolve([failureDocument(number)]);
}

test('the name of a file holds nothing that breaks out of its header', () => {
  const name = exportFileName('csv', 'wh_1"\r\n../x', new Date(Date.UTC(2026, 10, 24, 4, 30)));
  expect(name).toBe('failures-wh_1______x-2026-11-24T04-30-00Z.csv');
  expect(name).toMatch(/^[\w.-]+$/);
});

describe('a cursor', () => {
  const list = ['c1', 'wh_1', undefined, '4xx'];
  const position = { at: new Date(1_700_000_000_000), id: 'job_1:2' };

  test('leads back to its position', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), fc.string({ minLength: 1 }), (at, id) => {
        expect(positionOf(cursorOf({ at, id }, list), list)).toEqual({ at, id });
      }),
    );
  });

  test.each([
    ['of another company', ['c2', 'wh_1', undefined, '4xx']],
    ['of another webhook', ['c1', 'wh_2', undefined, '4xx']],
    ['of other filters', ['c1', 'wh_1', undefined, '5xx']],
  ])('%s is refused', (_, other) => {
    expect(() => positionOf(cursorOf(position, other), list)).toThrow('does not belong to this list');
  });

  test('that we didn’t write is refused', () => {
    const json = fc.json().map((text) => Buffer.from(text).toString('base64url'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), json), (text) => {
        expect(() => positionOf(text, list)).toThrow('does not belong to this list');
      }),
    );
  });

  test('with a changed character is refused or stands for a position of the same list', () => {
    const cursor = cursorOf(position, list);
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.constantFrom(...'AZaz09-_='), (index, character) => {
        const changed = cursor.slice(0, index) + character + cursor.slice(index + 1);
        try {
          expect(cursorOf(positionOf(changed, list), list)).toBe(changed);
        } catch (error) {
          expect((error as Error).message).toContain('does not belong to this list');
        }
      }),
    );
  });
});

test('a company has two exports at once, and a place that is given back twice counts once', () => {
  const running = new RunningExports();
  const leave = running.enter('c1');
  running.enter('c1');
  running.enter('c2');
  expect(() => running.enter('c1')).toThrow('2 exports are running');
  leave();
  leave();
  running.enter('c1');
  expect(() => running.enter('c1')).toThrow('2 exports are running');
});
