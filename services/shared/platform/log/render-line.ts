import { isPlainName, loggable } from './loggable.js';

/** What a caller adds to an event; names of units in the names (`durationMs`). */
export type LogFields = Readonly<Record<string, unknown>>;

const RESERVED: ReadonlySet<string> = new Set(['timestamp', 'level', 'service', 'event']);

/** Ids, types, outcomes: nothing in them to mask or to escape. */
const HARMLESS = /^[\w.-]{0,256}$/;

/**
 * One log line, a JSON object that begins with timestamp, level, service and event, and ends with a line feed. A field
 * that bears one of these four names gets an underscore before it. Never throws: a line that can't be rendered says so.
 *
 * Written as text, field by field: a delivery is a line of twenty fields, and to gather them in an object first costs
 * more than all the rest of it.
 */
export function renderLine(
  timestamp: string,
  level: string,
  service: string,
  event: string,
  fields: LogFields,
): string {
  const start = `{"timestamp":"${timestamp}","level":"${level}","service":${JSON.stringify(service)},"event":${JSON.stringify(event)}`;
  try {
    let line = start;
    for (const name in fields) {
      const value = valueText(name, fields[name]);
      if (value !== undefined) line += keyText(name) + value;
    }
    return `${line}}\n`;
  } catch {
    return `${start},"fault":"its fields could not be rendered"}\n`;
  }
}

/** Undefined where JSON leaves the field out. */
function valueText(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && isPlainName(name) && HARMLESS.test(value)) return `"${value}"`;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return JSON.stringify(loggable(name, value));
}

const KEYS_CACHED = 2_000;
const keys = new Map<string, string>();

/** `,"name":`; names are few and come back with every line. */
function keyText(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = `,${JSON.stringify(RESERVED.has(name) ? `_${name}` : name)}:`;
  if (keys.size < KEYS_CACHED) keys.set(name, key);
  return key;
}
