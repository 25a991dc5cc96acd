import { maskText } from '../../core/mask.js';

const LONGEST = 500;

/**
 * Why something failed, in one line without secrets. Where a connection failed at every address of a host, Node's
 * error has no message of its own: the reason stands in the first of its errors.
 */
export function reasonOf(error: unknown): string {
  return maskText(textOf(error).slice(0, LONGEST).replace(/\s+/g, ' ').trim());
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : 'unknown error';
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError && error.errors.length > 0) return textOf(error.errors[0]);
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.name;
}
