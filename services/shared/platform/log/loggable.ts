import { MASK, isSecretName, maskText } from '../../core/mask.js';
import { describeError } from './describe-error.js';

/**
 * Turns the value of a field into what may stand in a log line. The last wall before a secret gets out:
 *
 * - a field whose name tells a secret is masked, whatever it holds, unless that is a number or a flag;
 * - headers are masked but for a few that can't be secret: an additional header may be a customer's credential;
 * - bodies and payloads, and bytes in any form, are never shown: they are the customers' data;
 * - texts lose the secrets in their URLs; errors become name, message, code and stack;
 * - only plain objects and arrays are opened, to a bounded size: a client object holds its whole configuration.
 */
export function loggable(name: string, value: unknown, budget: Budget = { values: 500 }, depth = 0): unknown {
  if (typeof value === 'string') return loggableText(name, value);
  if (typeof value === 'object' && value !== null) return loggableObject(name, value, budget, depth);
  return loggablePrimitive(value);
}

/** What JSON can't express becomes text; functions and symbols are left out. */
function loggablePrimitive(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
}

/** How many more values the line may open. */
interface Budget {
  values: number;
}

const TEXT_CHARS = 2_000;
const DEPTH = 5;
const NOT_LOGGED = '[not logged]';
const SAFE_HEADERS: ReadonlySet<string> = new Set(
  'content-type content-length content-encoding date server retry-after user-agent webhook-id webhook-timestamp webhook-attempt'.split(
    ' ',
  ),
);

type Kind = 'plain' | 'secret' | 'headers' | 'body';
const KINDS_CACHED = 2_000;
const kinds = new Map<string, Kind>();

/** Names are few and come back with every line, so each is looked at once. */
function kindOf(name: string): Kind {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kind = classify(name);
  if (kinds.size < KINDS_CACHED) kinds.set(name, kind);
  return kind;
}

/** Whether a field of this name is shown as it is, but for what its text itself tells. */
export function isPlainName(name: string): boolean {
  return kindOf(name) === 'plain';
}

function classify(name: string): Kind {
  if (isSecretName(name)) return 'secret';
  if (/headers$/i.test(name)) return 'headers';
  return /(?:body|payload)$/i.test(name) ? 'body' : 'plain';
}

function loggableText(name: string, text: string): string {
  switch (kindOf(name)) {
    case 'secret':
      return MASK;
    case 'headers':
    case 'body':
      return NOT_LOGGED;
    case 'plain':
      return maskText(text.length > TEXT_CHARS ? `${text.slice(0, TEXT_CHARS)}…` : text);
  }
}

function loggableObject(name: string, value: object, budget: Budget, depth: number): unknown {
  if (value instanceof Error) return describeError(value);
  switch (kindOf(name)) {
    case 'secret':
      return MASK;
    case 'body':
      return NOT_LOGGED;
    case 'headers':
      return isPlain(value) ? loggableHeaders(value) : NOT_LOGGED;
    case 'plain':
      return depth >= DEPTH || budget.values <= 0 ? '[…]' : loggableParts(name, value, budget, depth);
  }
}

function loggableParts(name: string, value: object, budget: Budget, depth: number): unknown {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value) || value instanceof Set)
    return loggableItems(name, [...(value as unknown[])], budget, depth);
  return isPlain(value) ? loggableFields(value, budget, depth) : loggableInstance(name, value, budget, depth);
}

function loggableItems(name: string, items: readonly unknown[], budget: Budget, depth: number): unknown[] {
  const shown: unknown[] = [];
  for (const item of items) {
    if (budget.values-- <= 0) return [...shown, `[… of ${items.length}]`];
    shown.push(loggable(name, item, budget, depth + 1));
  }
  return shown;
}

function loggableFields(fields: object, budget: Budget, depth: number): Record<string, unknown> {
  const shown: [string, unknown][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (budget.values-- <= 0) break;
    shown.push([maskText(name), loggable(name, value, budget, depth + 1)]);
  }
  return Object.fromEntries(shown);
}

/** Values such as dates, ids and addresses say in `toJSON` how they want to be read; others tell their class. */
function loggableInstance(name: string, value: object, budget: Budget, depth: number): unknown {
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return loggable(name, (value.toJSON as () => unknown)(), budget, depth + 1);
  return `[${value.constructor?.name ?? 'object'}]`;
}

function loggableHeaders(headers: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers)
      .slice(0, 100)
      .map(([name, value]) => [name, SAFE_HEADERS.has(name.toLowerCase()) ? loggable('', value) : MASK]),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
