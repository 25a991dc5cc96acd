import { loggable } from './loggable.js';

/** What a caller adds to an event; names of units in the names (`durationMs`). */
export type LogFields = Readonly<Record<string, unknown>>;

const RESERVED: ReadonlySet<string> = new Set(['timestamp', 'level', 'service', 'event']);

/**
 * One log line, a JSON object that begins with timestamp, level, service and event, and ends with a line feed. A field
 * that bears one of these four names gets an underscore before it. Never throws: a line that can't be rendered says so.
 */
export function renderLine(
  timestamp: string,
  level: string,
  service: string,
  event: string,
  fields: LogFields,
): string {
  const line: Record<string, unknown> = { timestamp, level, service, event };
  try {
    for (const name in fields) {
      if (RESERVED.has(name)) line[`_${name}`] = loggable(name, fields[name]);
      else line[name] = loggable(name, fields[name]);
    }
    return `${JSON.stringify(line)}\n`;
  } catch {
    return `${JSON.stringify({ timestamp, level, service, event, fault: 'its fields could not be rendered' })}\n`;
  }
}
