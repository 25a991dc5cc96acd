import { maskText } from '../../core/mask.js';

/** What a log line tells of an error: nothing but this, since errors of clients carry whole requests with them. */
export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
  /** Of an AggregateError, the first ones. */
  readonly errors?: readonly ErrorDescription[];
}

const MESSAGE_CHARS = 2_000;
const STACK_CHARS = 8_000;
const CAUSES = 3;

/** Describes anything that was thrown, with the secrets in its texts masked. Never throws. */
export function describeError(error: unknown, causes = CAUSES): ErrorDescription {
  if (!(error instanceof Error)) return { name: 'NotAnError', message: masked(textOf(error), MESSAGE_CHARS) };
  const { code } = error as NodeJS.ErrnoException as { code?: unknown };
  return {
    name: masked(String(error.name), MESSAGE_CHARS),
    message: masked(String(error.message), MESSAGE_CHARS),
    ...(typeof code === 'number' ? { code } : {}),
    ...(typeof code === 'string' ? { code: masked(code, MESSAGE_CHARS) } : {}),
    ...(typeof error.stack === 'string' ? { stack: masked(error.stack, STACK_CHARS) } : {}),
    ...(error.cause !== undefined && causes > 0 ? { cause: describeError(error.cause, causes - 1) } : {}),
    ...(error instanceof AggregateError && causes > 0
      ? { errors: error.errors.slice(0, CAUSES).map((one: unknown) => describeError(one, causes - 1)) }
      : {}),
  };
}

/** Cut first, so that a text without bounds costs no more than one of the longest length. */
function masked(text: string, chars: number): string {
  return maskText(text.length > chars ? `${text.slice(0, chars)}…` : text);
}

/** A thrown object may be anything, a client's options with a password among them: only its class is told. */
function textOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null) return `an object of class ${thrown.constructor?.name ?? 'none'}`;
  return String(thrown);
}
