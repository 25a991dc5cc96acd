import { describe, expect, test } from '@jest/globals';
import avsc from 'avsc';
import { PoisonRecord } from '../../services/shared/core/errors.js';
import { parseSchema } from '../../services/shared/platform/avro/parse-schema.js';
import { createRecordDecoder } from '../../services/shared/platform/avro/record-decoder.js';
import { createRecordEncoder } from '../../services/shared/platform/avro/record-encoder.js';
import { RECORD_NAMES, schemaVersions } from '../../services/shared/platform/avro/schema-files.js';
import { fixedSchemas } from '../support/known-schemas.js';

describe.each(RECORD_NAMES)('schemas/%s', (record) => {
  const versions = schemaVersions(record);

  test('every version reads what the version before it wrote (BACKWARD)', () => {
    for (const [index, newer] of versions.entries()) {
      const older = versions[Math.max(0, index - 1)] as string;
      expect(() => avsc.Type.forSchema(parsed(newer)).createResolver(avsc.Type.forSchema(parsed(older)))).not.toThrow();
    }
  });

  test('every enum has a default symbol, so that a new symbol does not stop an old reader', () => {
    for (const schema of versions) expect(enumsWithoutDefault(parsed(schema))).toEqual([]);
  });

  test('every version can be read safely: no array has items that take no bytes', () => {
    for (const schema of versions) expect(() => parseSchema(schema)).not.toThrow();
  });
});

/**
 * What becomes of a record when writer and reader have different versions. `reads` is the record as the reader sees
 * it; `parks` the reason for which it is parked.
 */
interface Row {
  readonly change: string;
  readonly writer: object;
  readonly reader: object;
  readonly written: object;
  readonly reads?: object;
  readonly parks?: PoisonRecord['reason'];
}

const color = (symbols: readonly string[], more: object = {}) => ({ type: 'enum', name: 'Color', symbols, ...more });
const a = { name: 'a', type: 'string' };
const A = record('A', [{ name: 'x', type: 'int' }]);
const B = record('B', [{ name: 'y', type: 'int' }]);
const C = record('C', [{ name: 'z', type: 'int' }]);

const ROWS: readonly Row[] = [
  {
    change: 'a field with a default is added, the reader is newer',
    writer: rec([a]),
    reader: rec([a, { name: 'b', type: 'int', default: 5 }]),
    written: { a: 'x' },
    reads: { a: 'x', b: 5 },
  },
  {
    change: 'a field with a default is added, the writer is newer',
    writer: rec([a, { name: 'b', type: 'int', default: 5 }]),
    reader: rec([a]),
    written: { a: 'x', b: 6 },
    reads: { a: 'x' },
  },
  {
    change: 'a field without a default is added, the reader is newer',
    writer: rec([a]),
    reader: rec([a, { name: 'b', type: 'int' }]),
    written: { a: 'x' },
    parks: 'contract-broken',
  },
  {
    change: 'a field is removed that the reader still wants and has a default for',
    writer: rec([a]),
    reader: rec([a, { name: 'gone', type: ['null', 'string'], default: null }]),
    written: { a: 'x' },
    reads: { a: 'x', gone: null },
  },
  {
    change: 'a field is removed that the reader no longer wants',
    writer: rec([{ name: 'gone', type: { type: 'array', items: 'string' } }, a]),
    reader: rec([a]),
    written: { gone: ['1', '2'], a: 'x' },
    reads: { a: 'x' },
  },
  {
    change: 'a field is renamed and the reader has the old name as an alias',
    writer: rec([a]),
    reader: rec([{ name: 'b', type: 'string', aliases: ['a'] }]),
    written: { a: 'x' },
    reads: { b: 'x' },
  },
  {
    change: 'a field is renamed and the reader is older',
    writer: rec([{ name: 'b', type: 'string', aliases: ['a'] }]),
    reader: rec([a]),
    written: { b: 'x' },
    parks: 'contract-broken',
  },
  {
    change: 'int is widened to long, the reader is newer',
    writer: rec([{ name: 'n', type: 'int' }]),
    reader: rec([{ name: 'n', type: 'long' }]),
    written: { n: 7 },
    reads: { n: 7 },
  },
  {
    change: 'int is widened to long, the writer is newer',
    writer: rec([{ name: 'n', type: 'long' }]),
    reader: rec([{ name: 'n', type: 'int' }]),
    written: { n: 7 },
    parks: 'contract-broken',
  },
  {
    change: 'a symbol is added to an enum, the reader is newer',
    writer: rec([{ name: 'c', type: color(['red']) }]),
    reader: rec([{ name: 'c', type: color(['red', 'blue']) }]),
    written: { c: 'red' },
    reads: { c: 'red' },
  },
  {
    change: 'a symbol is added to an enum, the reader is older and has a default symbol',
    writer: rec([{ name: 'c', type: color(['red', 'blue', 'unknown']) }]),
    reader: rec([{ name: 'c', type: color(['red', 'unknown'], { default: 'unknown' }) }]),
    written: { c: 'blue' },
    reads: { c: 'unknown' },
  },
  {
    change: 'a symbol is added to an enum, the reader is older and has no default symbol',
    writer: rec([{ name: 'c', type: color(['red', 'blue']) }]),
    reader: rec([{ name: 'c', type: color(['red']) }]),
    written: { c: 'red' },
    parks: 'contract-broken',
  },
  {
    change: 'a branch is added to a union of records, the reader is newer',
    writer: rec([{ name: 'u', type: [A, B] }]),
    reader: rec([{ name: 'u', type: [C, B, A] }]),
    written: { u: { A: { x: 1 } } },
    reads: { u: { A: { x: 1 } } },
  },
  {
    change: 'a branch is added to a union of records, the reader is older, the record has a branch that it knows',
    writer: rec([{ name: 'u', type: [A, B, C] }]),
    reader: rec([{ name: 'u', type: [A, B] }]),
    written: { u: { B: { y: 2 } } },
    reads: { u: { B: { y: 2 } } },
  },
  {
    change: 'a branch is added to a union of records, the reader is older, the record has the new branch',
    writer: rec([{ name: 'u', type: [A, B, C] }]),
    reader: rec([{ name: 'u', type: [A, B] }]),
    written: { u: { C: { z: 3 } } },
    reads: { u: { C: { z: 3 } } },
  },
  {
    change: 'a field with a default is added inside a known branch beside a new one, the reader is newer there',
    writer: rec([{ name: 'u', type: [A, C] }]),
    reader: rec([
      {
        name: 'u',
        type: [
          record('A', [
            { name: 'x', type: 'long' },
            { name: 'w', type: 'int', default: 9 },
          ]),
          B,
        ],
      },
    ]),
    written: { u: { A: { x: 1 } } },
    reads: { u: { A: { x: 1, w: 9 } } },
  },
  {
    change: 'a known branch has become incompatible and the record has it',
    writer: rec([{ name: 'u', type: [record('A', [{ name: 'x', type: 'string' }]), B] }]),
    reader: rec([{ name: 'u', type: [A, B] }]),
    written: { u: { A: { x: 'one' } } },
    parks: 'contract-broken',
  },
  {
    change: 'a known branch has become incompatible and the record has another one',
    writer: rec([{ name: 'u', type: [record('A', [{ name: 'x', type: 'string' }]), B] }]),
    reader: rec([{ name: 'u', type: [A, B] }]),
    written: { u: { B: { y: 2 } } },
    reads: { u: { B: { y: 2 } } },
  },
  {
    change: 'the namespace has changed: names match without it, as the Avro specification says',
    writer: { ...rec([{ name: 'u', type: [A, B] }]), namespace: 'other' },
    reader: rec([{ name: 'u', type: [A, B] }]),
    written: { u: { 'other.A': { x: 1 } } },
    reads: { u: { A: { x: 1 } } },
  },
  {
    change: 'the record is another one altogether',
    writer: record('Other', [a]),
    reader: rec([a]),
    written: { a: 'x' },
    parks: 'contract-broken',
  },
];

describe('a record whose writer has another version of the schema', () => {
  test.each(ROWS)('$change', ({ writer, reader, written, reads, parks }) => {
    const record = createRecordEncoder(JSON.stringify(writer), 3).encode(written);
    const schemas = fixedSchemas({ 3: JSON.stringify(writer) });
    const { decode } = createRecordDecoder<unknown>({ reader: JSON.stringify(reader), schemas });
    if (parks === undefined) expect(JSON.parse(JSON.stringify(decode(record)))).toEqual(reads);
    else expect(() => decode(record)).toThrow(expect.objectContaining({ name: 'PoisonRecord', reason: parks }));
  });
});

describe('a record whose schema can not be read as ours at all', () => {
  const writer = JSON.stringify(record('Other', [{ name: 'event_type', type: 'string' }]));
  const encoder = createRecordEncoder(writer, 3);
  const { decode } = createRecordDecoder<unknown>({
    reader: JSON.stringify(rec([a])),
    schemas: fixedSchemas({ 3: writer }),
    acceptUnresolved: ({ event_type: type }) => type === 'call.transferred',
  });

  test('is let through as its writer wrote it when its event type is one that will be skipped', () => {
    expect(decode(encoder.encode({ event_type: 'call.transferred' }))).toMatchObject({
      event_type: 'call.transferred',
    });
  });

  test('is parked as breaking the contract otherwise', () => {
    expect(() => decode(encoder.encode({ event_type: 'call.end' }))).toThrow(PoisonRecord);
  });
});

function record(name: string, fields: readonly object[]) {
  return { type: 'record', name, fields };
}

function rec(fields: readonly object[]) {
  return record('R', fields);
}

function parsed(schema: string): avsc.Schema {
  return JSON.parse(schema) as avsc.Schema;
}

function enumsWithoutDefault(schema: unknown): unknown[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, default: fallback, name } = schema as Record<string, unknown>;
  const own = type === 'enum' && fallback === undefined ? [name] : [];
  return [...own, ...Object.values(schema).flatMap(enumsWithoutDefault)];
}
