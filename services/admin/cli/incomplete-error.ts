/** The command did what it could, and something is left to do: told in a sentence, and the exit code isn't 0. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';
}
