import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DependencyError, PoisonRecord } from '../../services/shared/core/errors.js';
import { createEventDecoder } from '../../services/shared/platform/avro/event-decoder.js';
import { createJobDecoder } from '../../services/shared/platform/avro/job-codec.js';
import { createRecordDecoder } from '../../services/shared/platform/avro/record-decoder.js';
import { createRecordEncoder } from '../../services/shared/platform/avro/record-encoder.js';
import { newestSchema } from '../../services/shared/platform/avro/schema-files.js';
import { normalize } from '../../services/call-consumer/normalize.js';
import { avroValueOf, exampleOf } from '../support/event-examples.js';
import { fixedSchemas } from '../support/known-schemas.js';

/**
 * "A record that can't be decoded or breaks the contract goes to the dead-letter topic with its reason, and the stream
 * goes on": whatever the bytes are, the decoder answers with a value or a PoisonRecord, and answers soon.
 */
const SCHEMA = newestSchema('call-event');
const GOOD = createRecordEncoder(SCHEMA, 7).encode(avroValueOf(exampleOf('call.end')));
const events = createEventDecoder('call-event', fixedSchemas({ 7: SCHEMA }));

const header = (id: number) => {
  const bytes = Buffer.alloc(5);
  bytes.writeInt32BE(id, 1);
  return bytes;
};

describe('a value that is no record', () => {
  test.each<[string, Buffer | null, PoisonRecord['reason']]>([
    ['is absent (a tombstone)', null, 'undecodable'],
    ['is empty', Buffer.alloc(0), 'undecodable'],
    ['has 1 byte', Buffer.alloc(1), 'undecodable'],
    ['has 3 bytes', Buffer.alloc(3), 'undecodable'],
    ['has 4 bytes', Buffer.alloc(4), 'undecodable'],
    ['has a header and nothing behind it', header(7), 'undecodable'],
    ['has another magic byte', Buffer.concat([Buffer.of(1), GOOD.subarray(1)]), 'undecodable'],
    ['is JSON', Buffer.from(JSON.stringify(exampleOf('call.end'))), 'undecodable'],
    ['has schema id 0', Buffer.concat([header(0), GOOD.subarray(5)]), 'undecodable'],
    ['has a negative schema id', Buffer.concat([header(-7), GOOD.subarray(5)]), 'undecodable'],
    ['is cut off', GOOD.subarray(0, GOOD.length - 1), 'undecodable'],
    ['is cut off in the middle', GOOD.subarray(0, GOOD.length >> 1), 'undecodable'],
    ['has bytes left over', Buffer.concat([GOOD, Buffer.of(0)]), 'undecodable'],
    ['is larger than 1 MiB', Buffer.alloc(1024 * 1024 + 1), 'too-large'],
  ])('is parked when it %s', (_, value, reason) => {
    expect(parkedFor(() => events.decode(value))).toMatchObject({ reason });
  });

  test('is parked when the registry does not know its schema id', async () => {
    await expect(events.decode(Buffer.concat([header(8), GOOD.subarray(5)]))).rejects.toThrow(PoisonRecord);
  });

  test('is not parked, but waited with, when the registry is away', async () => {
    const away = {
      schemaText: () => undefined,
      fetchSchema: () => Promise.reject(new DependencyError('schema-registry', 'x')),
    };
    await expect(createEventDecoder('call-event', away).decode(GOOD)).rejects.toThrow(DependencyError);
  });

  test('does not keep the next good record from being read', () => {
    expect(() => events.decode(GOOD.subarray(0, 50))).toThrow(PoisonRecord);
    expect(normalize(events.decode(GOOD))).toMatchObject({ kind: 'event' });
  });
});

describe('Avro bytes made to hurt', () => {
  const record = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'R', fields });
  const field = (type: unknown) => record({ name: 'f', type });
  const ints = { type: 'array', items: 'int' };
  const map = { type: 'map', values: 'null' };
  const huge = varint(2 ** 40);
  const node = { type: 'record', name: 'N', fields: [{ name: 'next', type: ['null', 'N'], default: null }] };

  test.each<[string, string, Buffer]>([
    ['an array that announces 10^12 items', field(ints), huge],
    ['an array that announces more items than doubles can count', field(ints), Buffer.alloc(200, 0xff)],
    ['an array in a block of negative count', field(ints), Buffer.concat([varint(-(2 ** 40)), varint(1)])],
    ['a map that announces 10^12 entries', field(map), huge],
    ['a map that announces more entries than doubles can count', field(map), Buffer.alloc(200, 0xff)],
    [
      'an array of arrays that announces too much inside',
      field({ type: 'array', items: ints }),
      Buffer.concat([varint(1), huge]),
    ],
    ['a string that is longer than what is left', field('string'), Buffer.concat([huge, Buffer.from('abc')])],
    ['a string of negative length', field('string'), varint(-5)],
    ['bytes of negative length', field('bytes'), varint(-5)],
    ['a string that is not UTF-8', field('string'), Buffer.concat([varint(2), Buffer.of(0xc3, 0x28)])],
    ['a map key that is not UTF-8', field(map), Buffer.concat([varint(1), varint(1), Buffer.of(0xff), varint(0)])],
    ['a long beyond 2^53', field('long'), Buffer.from('ffffffffffffffffff01', 'hex')],
    ['a long that never ends', field('long'), Buffer.alloc(1000, 0xff)],
    ['a union branch that does not exist', field(['null', 'int']), varint(9)],
    ['a negative union branch', field(['null', 'int']), varint(-1)],
    ['an enum symbol that does not exist', field({ type: 'enum', name: 'E', symbols: ['x'], default: 'x' }), varint(3)],
    ['a timestamp beyond the year 9999', field({ type: 'long', logicalType: 'timestamp-millis' }), varint(1.7e15)],
    ['a recursion as deep as the value is long', field(node), Buffer.alloc(500_000, 0x02)],
  ])('%s is parked within a tenth of a second', (_, schema, avro) => {
    const { decode } = createRecordDecoder({ reader: schema, schemas: fixedSchemas({ 1: schema }) });
    const started = performance.now();
    expect(parkedFor(() => decode(Buffer.concat([header(1), avro])))).toMatchObject({ reason: 'undecodable' });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test.each<[string, unknown, Buffer]>([
    ['array whose block size points backwards', ints, Buffer.concat([varint(-1), varint(-3), varint(0)])],
    ['array that announces 10^12 items', ints, huge],
    ['object of 10^12 entries (a map)', map, huge],
  ])('in a field that our version no longer has, an %s is parked and not run after', (_, type, avro) => {
    const writer = record({ name: 'gone', type }, { name: 'kept', type: 'string' });
    const reader = record({ name: 'kept', type: 'string' });
    const { decode } = createRecordDecoder({ reader, schemas: fixedSchemas({ 1: writer }) });
    const started = performance.now();
    expect(parkedFor(() => decode(Buffer.concat([header(1), avro])))).toMatchObject({ reason: 'undecodable' });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test.each<[string, unknown]>([
    ['null', 'null'],
    ['empty records', { type: 'record', name: 'Empty', fields: [] }],
    ['records of nothing but nulls', { type: 'record', name: 'Nulls', fields: [{ name: 'n', type: 'null' }] }],
    ['fixed of no bytes', { type: 'fixed', name: 'Nothing', size: 0 }],
  ])('a schema with an array of %s, which five bytes can make endless, is refused as a whole', (_, items) => {
    const schema = field({ type: 'array', items });
    const { decode } = createRecordDecoder({ reader: field('string'), schemas: fixedSchemas({ 1: schema }) });
    const parked = parkedFor(() => decode(Buffer.concat([header(1), varint(50_000_000), varint(0)])));
    expect(parked).toMatchObject({ reason: 'undecodable', message: expect.stringContaining('no bytes') });
  });

  test('a map key named __proto__ is data like any other', () => {
    const schema = field({ type: 'map', values: 'string' });
    const { decode } = createRecordDecoder<{ f: object }>({ reader: schema, schemas: fixedSchemas({ 1: schema }) });
    const avro = Buffer.concat([
      varint(1),
      varint(9),
      Buffer.from('__proto__'),
      varint(1),
      Buffer.from('x'),
      varint(0),
    ]);
    const { f } = decode(Buffer.concat([header(1), avro])) as { f: object };
    expect(JSON.stringify(f)).toBe('{"__proto__":"x"}');
  });

  test('a customer who writes U+FFFD is not taken for invalid UTF-8', () => {
    const schema = field('string');
    const { decode } = createRecordDecoder({ reader: schema, schemas: fixedSchemas({ 1: schema }) });
    expect(decode(createRecordEncoder(schema, 1).encode({ f: 'a\ufffdb' }))).toMatchObject({ f: 'a\ufffdb' });
  });

  test('blocks with a byte size, as other Avro libraries write them, are read', () => {
    const { decode } = createRecordDecoder({ reader: field(ints), schemas: fixedSchemas({ 1: field(ints) }) });
    const avro = Buffer.concat([varint(-2), varint(2), varint(1), varint(2), varint(1), varint(3), varint(0)]);
    expect(decode(Buffer.concat([header(1), avro]))).toMatchObject({ f: [1, 2, 3] });
  });
});

describe('random bytes', () => {
  const decoders = { events, jobs: createJobDecoder(fixedSchemas({ 7: newestSchema('delivery-job') })) };
  const writer = JSON.parse(SCHEMA) as { fields: { name: string }[] };
  // A writer whose schema has to be resolved, with fields that are skipped.
  const resolved = JSON.stringify({
    ...writer,
    fields: [{ name: 'tags', type: { type: 'array', items: { type: 'map', values: 'string' } } }, ...writer.fields],
  });
  const resolving = createEventDecoder('call-event', fixedSchemas({ 7: resolved }));

  test.each([...Object.entries(decoders), ['events of another version', resolving] as const])(
    'never make the decoder of %s throw anything but a PoisonRecord',
    (_, { decode }) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
          parkedFor(() => decode(Buffer.concat([header(7), bytes])));
        }),
        { numRuns: 2000 },
      );
    },
  );

  test('in place of some bytes of a good record never make it throw anything but a PoisonRecord', () => {
    const patch = fc.tuple(fc.nat(GOOD.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(patch, { minLength: 1, maxLength: 6 }), fc.boolean(), (patches, cut) => {
        const bytes = Buffer.from(GOOD);
        for (const [at, byte] of patches) bytes[Math.max(5, at)] = byte;
        parkedFor(() => normalize(events.decode(cut ? bytes.subarray(0, patches[0]?.[0]) : bytes)));
      }),
      { numRuns: 2000 },
    );
  });
});

/** What the record is parked with, or undefined when it was read. Any other error fails the test. */
function parkedFor(read: () => unknown): PoisonRecord | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(PoisonRecord);
    return error as PoisonRecord;
  }
}

/** Avro's long: zigzag, seven bits a byte. */
function varint(value: number): Buffer {
  let rest = value >= 0 ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n;
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
