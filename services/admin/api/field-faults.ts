import type { FastifySchemaValidationError } from 'fastify';
import type { FieldFault } from '../contract/problem.js';

/** What a schema says of a wrong field, in words that a console can show as they are. */
export function faultsOfValidation(errors: readonly FastifySchemaValidationError[]): readonly FieldFault[] {
  const faults = new Map<string, FieldFault>();
  for (const error of errors) {
    const fault = { pointer: pointerOf(error), code: error.keyword, message: sentenceOf(error) };
    // A union reports each of its branches: one sentence per field is enough.
    if (!faults.has(fault.pointer)) faults.set(fault.pointer, fault);
  }
  return [...faults.values()];
}

function pointerOf({ instancePath, keyword, params }: FastifySchemaValidationError): string {
  const name = keyword === 'required' ? params['missingProperty'] : params['additionalProperty'];
  return typeof name === 'string' ? `${instancePath}/${escapePointer(name)}` : instancePath;
}

/** RFC 6901. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

type Sentence = (params: Readonly<Record<string, unknown>>) => string;

const SENTENCES: Readonly<Record<string, Sentence>> = {
  required: () => 'This field is required.',
  additionalProperties: () => 'This field is not known.',
  type: ({ type }) => `This must be ${article(String(type))}.`,
  enum: ({ allowedValues }) => `This must be one of: ${(allowedValues as readonly unknown[]).join(', ')}.`,
  const: ({ allowedValue }) => `This must be ${JSON.stringify(allowedValue)}.`,
  minLength: ({ limit }) =>
    limit === 1 ? 'This must not be empty.' : `This must have at least ${String(limit)} characters.`,
  maxLength: ({ limit }) => `This must have at most ${String(limit)} characters.`,
  minItems: ({ limit }) => `This must have at least ${String(limit)} entries.`,
  maxItems: ({ limit }) => `This must have at most ${String(limit)} entries.`,
  minimum: ({ limit }) => `This must be ${String(limit)} or more.`,
  maximum: ({ limit }) => `This must be ${String(limit)} or less.`,
  format: () => 'This must be an instant such as 2026-03-14T09:26:53Z.',
  uniqueItems: () => 'The entries must differ.',
  pattern: () => 'This has characters that are not allowed.',
};

function sentenceOf({ keyword, params }: FastifySchemaValidationError): string {
  return SENTENCES[keyword]?.(params) ?? 'This is not valid.';
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
