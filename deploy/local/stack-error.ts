/**
 * A local server can't be had or didn't start. The message is one sentence for the person at the terminal (what is
 * missing, what to install or set), followed by the last lines of the server's log when there is one. Callers print
 * the message without a stack trace.
 */
export class StackError extends Error {
  override readonly name = 'StackError';

  constructor(sentence: string, logLines: readonly string[] = []) {
    super([sentence, ...logLines.map((line) => `  | ${line.slice(0, 400)}`)].join('\n'));
  }
}
