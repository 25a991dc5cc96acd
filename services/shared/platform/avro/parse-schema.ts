import avsc from 'avsc';
import { BoundedArrayType, BoundedMapType, StrictStringType } from './bounded-types.js';
import { TimestampMillisType } from './timestamp-millis.js';
import { TolerantUnionType } from './tolerant-union.js';

const STRING = new StrictStringType();

/**
 * The Avro type of a schema, made of types that are safe to read what others wrote with.
 * A union of several records holds `{ 'full.name.of.the.branch': value }`, any other union the bare value.
 * @param schema JSON text
 * @throws Error when it is not an Avro schema, or one that is refused (arrays whose items take no bytes)
 */
export function parseSchema(schema: string): avsc.Type {
  return avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema, {
    logicalTypes: { 'timestamp-millis': TimestampMillisType },
    omitRecordMethods: true,
    typeHook: safeType,
  });
}

/** avsc asks here for every type that it meets; undefined leaves the type to avsc. */
function safeType(schema: avsc.Schema, opts: avsc.ForSchemaOptions): avsc.Type | undefined {
  if (Array.isArray(schema)) return unionOf(schema, opts);
  switch (typeof schema === 'string' ? schema : (schema as { type?: unknown }).type) {
    case 'string':
      return STRING;
    case 'array':
      return typeof schema === 'string' ? undefined : new BoundedArrayType(schema, opts);
    case 'map':
      return typeof schema === 'string' ? undefined : new BoundedMapType(schema, opts);
    default:
      return undefined;
  }
}

function unionOf(schemas: readonly avsc.Schema[], opts: avsc.ForSchemaOptions): avsc.Type {
  const branches = schemas.map((schema) => avsc.Type.forSchema(schema, opts));
  try {
    return new avsc.types.UnwrappedUnionType(branches as never, opts);
  } catch {
    // Ambiguous without the branch's name: two records, for example.
    return new TolerantUnionType(branches as never, opts);
  }
}
