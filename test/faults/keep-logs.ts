import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './run-scenario.js';

/**
 * Writes what a run was judged by, and the processes' logs, into a folder of its own; returns its path. Of the same run
 * again, what has been told since.
 */
export function keepLogs(parent: string, { result, history, logs }: Run): string {
  const folder = join(parent, `${result.scenario}-${result.seed}-${result.startedAt.toString(36)}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result, undefined, 2));
  if (history !== undefined) writeFileSync(join(folder, 'history.json'), JSON.stringify(history, mapsAsObjects));
  for (const { name, lines } of logs) writeFileSync(join(folder, `${name}.log`), `${lines.join('\n')}\n`);
  return folder;
}

function mapsAsObjects(_: string, value: unknown): unknown {
  if (value instanceof Set) return [...(value as Set<unknown>)];
  return value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value;
}
