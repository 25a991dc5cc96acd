import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { UsageError } from './usage-error.js';

/** Asks on a terminal, without showing what is typed. Undefined when nothing was typed. @throws UsageError on Ctrl-C */
export async function askHidden(question: string, input: Readable, output: Writable): Promise<string | undefined> {
  output.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', (line) => resolve(line === '' ? undefined : line));
      lines.once('close', () => reject(new UsageError('No password was typed.')));
    });
  } finally {
    output.write('\n');
    lines.close();
  }
}

/** The first line of what is piped in. @throws UsageError when there is none */
export async function firstLine(input: Readable): Promise<string> {
  const lines = createInterface({ input });
  for await (const line of lines) if (line !== '') return line;
  throw new UsageError('The standard input holds no password.');
}
