import { readFileSync } from 'node:fs';
import { lastLines } from './run-tool.js';

const shownLines = 8;

/**
 * What to show of the log of a server that didn't start: the last lines that name an error (mongod's severities E
 * and F, Java's ERROR and exceptions), else the last lines. Empty if there is no log.
 */
export function serverLogTail(logFile: string): readonly string[] {
  try {
    const log = readFileSync(logFile, 'utf8');
    const errors = log.split('\n').filter((line) => /"s":"[EF]"|\b(ERROR|FATAL)\b|Exception/.test(line));
    return lastLines(errors.length > 0 ? errors.join('\n') : log, shownLines);
  } catch {
    return [];
  }
}
