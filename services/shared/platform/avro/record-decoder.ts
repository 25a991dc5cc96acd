import type avsc from 'avsc';
import { PoisonRecord } from '../../core/errors.js';
import { parseSchema } from './parse-schema.js';
import { HEADER_BYTES, schemaIdOf } from './wire-format.js';

/**
 * Reads records of any version of one schema as our newest version of it.
 *
 * PRODUCT.md: "a record that can't be decoded or breaks the contract goes to the dead-letter topic with its reason".
 * So whatever the bytes are, what is thrown is a PoisonRecord; and since a good record must never be parked because
 * the registry is away, that is a DependencyError and nothing else. Other errors must not leave: kafkajs takes a
 * TypeError or RangeError for a reason to end the consumer for good.
 *
 * Synchronous as soon as the writer's schema is known, which is all but the first record of each schema.
 */
export interface RecordDecoder<T> {
  /**
   * @throws PoisonRecord `undecodable`, `contract-broken` or `too-large`
   * @throws DependencyError when the writer's schema isn't known and the registry doesn't answer
   */
  readonly decode: (value: Buffer | null) => T | Promise<T>;
}

export interface WriterSchemas {
  /** The schema with that id if it is known here; asks nobody. */
  readonly schemaText: (id: number) => string | undefined;
  /** Asks for it. @throws PoisonRecord when there is none with that id; DependencyError when it can't be known now */
  readonly fetchSchema: (id: number) => Promise<string>;
}

export interface RecordDecoderOptions {
  /** Our version, as JSON text. */
  readonly reader: string;
  readonly schemas: WriterSchemas;
  /** Larger values are refused unread. */
  readonly maxBytes?: number;
  /**
   * Whether a record is let through as its writer wrote it when that schema can't be read as ours at all; for those
   * which are skipped anyway. By default none is.
   */
  readonly acceptUnresolved?: (record: Readonly<Record<string, unknown>>) => boolean;
}

const MIB = 1024 * 1024;

type Read = (value: Buffer) => unknown;
type Resolver = ReturnType<avsc.Type['createResolver']>;

export function createRecordDecoder<T>(options: RecordDecoderOptions): RecordDecoder<T> {
  const { schemas, maxBytes = MIB } = options;
  const ours = parseSchema(options.reader);
  const readers = new Map<number, Read>();

  function readerFor(id: number, text: string): Read {
    const read = compile(ours, text, options.acceptUnresolved ?? (() => false));
    readers.set(id, read);
    return read;
  }

  function decode(value: Buffer | null): T | Promise<T> {
    if (value === null) throw new PoisonRecord('undecodable', 'the record has no value');
    if (value.length > maxBytes) {
      throw new PoisonRecord('too-large', `the value has ${value.length} bytes, ${maxBytes} are allowed`);
    }
    const id = schemaIdOf(value);
    const known = readers.get(id);
    if (known !== undefined) return readSafely(known, id, value);
    const text = schemas.schemaText(id);
    if (text !== undefined) return readSafely(readerFor(id, text), id, value);
    return schemas.fetchSchema(id).then((found) => readSafely<T>(readers.get(id) ?? readerFor(id, found), id, value));
  }

  return { decode };
}

/** Turns whatever avsc throws (its messages hold positions and counts, never the payload) into a PoisonRecord. */
function readSafely<T>(read: Read, id: number, value: Buffer): T {
  try {
    return read(value) as T;
  } catch (error) {
    const reason = error instanceof PoisonRecord ? error.reason : 'undecodable';
    throw new PoisonRecord(reason, `schema ${id}: ${(error as Error).message}`.slice(0, 300), { cause: error });
  }
}

/** How to read what was written with the schema `text`. A schema that can't be used gives a reader that says so. */
function compile(ours: avsc.Type, text: string, accept: (record: Record<string, unknown>) => boolean): Read {
  let writer: avsc.Type;
  try {
    writer = parseSchema(text);
  } catch (error) {
    return refuse('undecodable', `the schema itself is unusable: ${(error as Error).message}`);
  }
  if (ours.equals(writer)) return (value) => readWhole(ours, value, undefined);
  try {
    const resolver = ours.createResolver(writer, { ignoreNamespaces: true });
    return (value) => readWhole(ours, value, resolver);
  } catch (error) {
    const detail = `it can't be read as ours: ${(error as Error).message}`;
    return (value) => {
      const record = readWhole(writer, value, undefined) as Record<string, unknown>;
      if (record !== null && typeof record === 'object' && accept(record)) return record;
      throw new PoisonRecord('contract-broken', detail);
    };
  }
}

function refuse(reason: PoisonRecord['reason'], detail: string): Read {
  return () => {
    throw new PoisonRecord(reason, detail);
  };
}

/** @throws Error unless the value is taken up to its last byte */
function readWhole(type: avsc.Type, value: Buffer, resolver: Resolver | undefined): unknown {
  const read: { value: unknown; offset: number } = type.decode(value, HEADER_BYTES, resolver);
  if (read.offset < 0) throw new Error('the value is cut off');
  if (read.offset < value.length) throw new Error(`${value.length - read.offset} bytes are left over`);
  return read.value;
}
