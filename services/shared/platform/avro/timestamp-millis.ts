import avsc from 'avsc';
import { isoInstant } from './iso-instant.js';

/** Years 0000 to 9999: RFC 3339 has no others, and microseconds taken for milliseconds land far outside. */
const EARLIEST = Date.parse('0000-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Avro's timestamp-millis as the customer sees it: an ISO-8601 string in UTC with milliseconds. */
export class TimestampMillisType extends avsc.types.LogicalType {
  constructor(schema: avsc.Schema, opts?: Partial<avsc.ForSchemaOptions>) {
    super(schema, opts);
    // avsc then falls back to the underlying type, as the Avro specification demands.
    if (!avsc.Type.isType(this.underlyingType, 'long')) throw new Error('timestamp-millis is defined for long only');
  }

  protected override _fromValue(millis: number): string {
    return toIso(millis);
  }

  protected override _toValue(text: unknown): number | undefined {
    if (typeof text !== 'string') return undefined;
    const millis = Date.parse(text);
    return Number.isNaN(millis) ? undefined : millis;
  }

  /** How to read what was written as `type`; undefined where that can't be done. */
  protected override _resolve(type: avsc.Type): ((value: never) => string) | undefined {
    if (avsc.Type.isType(type, 'logical:timestamp-millis')) return (text: string) => text;
    if (avsc.Type.isType(type, 'long', 'int')) return toIso;
    return undefined;
  }
}

/** @throws Error when no customer could read it as a date */
function toIso(millis: number): string {
  if (!(millis >= EARLIEST && millis <= LATEST)) throw new Error(`${millis} ms is no instant of the years 0 to 9999`);
  return isoInstant(millis);
}
