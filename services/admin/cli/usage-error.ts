/** The command was typed wrongly, or asks for what can't be: told in a sentence, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
