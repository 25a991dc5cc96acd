import { ADDITIONAL_HEADERS_MAX, HEADER_VALUE_MAX_BYTES, headerFault } from '../../shared/core/header-policy.js';
import type { Authentication, Header } from '../../shared/core/webhook.js';
import type { SavedEndpoint } from './endpoint-input.js';
import type { FaultList } from './fault-list.js';

/**
 * The parts of a webhook's input that hold secrets. A secret that is left out of an edit is kept: the password where
 * Basic was saved, the key where an API key was, the value of a header of the same name. It is asked for again when
 * the origin changed, and when what is saved can't be read any more.
 */
export interface KeptEndpoint extends SavedEndpoint {
  readonly originChanged: boolean;
}

const NAME_BYTES = 256;
const SECRET_BYTES = 1_024;

export function readAuthentication(
  value: unknown,
  saved: KeptEndpoint | undefined,
  list: FaultList,
): Authentication | undefined {
  const fields = list.object(value, '/authentication', fieldsOf(value));
  if (fields === undefined) return undefined;
  switch (list.choice(fields['kind'], '/authentication/kind', ['none', 'basic', 'api-key'])) {
    case 'none':
      return { kind: 'none' };
    case 'basic':
      return readBasic(fields, saved, list);
    case 'api-key':
      return readApiKey(fields, saved, list);
    case undefined:
      return undefined;
  }
}

function fieldsOf(value: unknown): readonly string[] {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  if (kind === 'basic') return ['kind', 'username', 'password'];
  return kind === 'none' ? ['kind'] : ['kind', 'placement', 'name', 'value', 'username', 'password'];
}

type Fields = Readonly<Record<string, unknown>>;

function readBasic(fields: Fields, saved: KeptEndpoint | undefined, list: FaultList): Authentication | undefined {
  const username = list.text(fields['username'], '/authentication/username', NAME_BYTES);
  const colon = username?.includes(':') === true;
  if (colon) list.add('/authentication/username', 'pattern', 'The user name must not contain a colon.');
  const old = saved?.secrets?.authentication;
  const password = readSecret(fields['password'], {
    pointer: '/authentication/password',
    word: 'password',
    saved,
    kept: old?.kind === 'basic' ? old.password : undefined,
    list,
  });
  return username === undefined || colon || password === undefined ? undefined : { kind: 'basic', username, password };
}

function readApiKey(fields: Fields, saved: KeptEndpoint | undefined, list: FaultList): Authentication | undefined {
  const placement = list.choice(fields['placement'], '/authentication/placement', ['header', 'query']);
  const name = list.text(fields['name'], '/authentication/name', NAME_BYTES);
  const value = readKey(fields, saved, list);
  if (placement === 'header' && name !== undefined) addHeaderFaults('/authentication', name, value ?? '', list);
  if (placement === undefined || name === undefined || value === undefined) return undefined;
  return { kind: 'api-key', placement, name, value };
}

function readKey(fields: Fields, saved: KeptEndpoint | undefined, list: FaultList): string | undefined {
  const old = saved?.secrets?.authentication;
  return readSecret(fields['value'], {
    pointer: '/authentication/value',
    word: 'key',
    saved,
    kept: old?.kind === 'api-key' ? old.value : undefined,
    list,
  });
}

interface SecretField {
  readonly pointer: string;
  /** What it is called in a sentence. */
  readonly word: string;
  readonly saved: KeptEndpoint | undefined;
  /** The saved secret; undefined when none of this kind is saved, or none can be read. */
  readonly kept: string | undefined;
  readonly list: FaultList;
}

function readSecret(value: unknown, { pointer, word, saved, kept, list }: SecretField): string | undefined {
  if (value !== undefined) return list.text(value, pointer, SECRET_BYTES);
  if (saved?.secrets === null)
    return list.add(pointer, 'unreadable', `The saved ${word} can’t be read any more: type it again.`);
  if (kept === undefined) return list.add(pointer, 'required', `Enter the ${word}.`);
  if (saved?.originChanged === true) return list.add(pointer, 'origin-changed', typeAgain(word));
  return kept;
}

function typeAgain(word: string): string {
  return `The address changed to another host: type the ${word} again.`;
}

export function readHeaders(
  value: unknown,
  saved: KeptEndpoint | undefined,
  list: FaultList,
): readonly Header[] | undefined {
  const rows = list.array(value, '/headers');
  if (rows === undefined) return undefined;
  if (rows.length > ADDITIONAL_HEADERS_MAX)
    return list.add('/headers', 'maxItems', `At most ${ADDITIONAL_HEADERS_MAX} headers can be added.`);
  return rows.flatMap((row, index) => readHeader(row, `/headers/${index}`, saved, list) ?? []);
}

function readHeader(
  row: unknown,
  pointer: string,
  saved: KeptEndpoint | undefined,
  list: FaultList,
): Header | undefined {
  const fields = list.object(row, pointer, ['name', 'value']);
  if (fields === undefined) return undefined;
  const name = list.text(fields['name'], `${pointer}/name`, NAME_BYTES);
  const given = list.optionalText(fields['value'], `${pointer}/value`, HEADER_VALUE_MAX_BYTES);
  if (name === undefined) return undefined;
  const value = fields['value'] === undefined ? keptValue(name, pointer, saved, list) : given;
  addHeaderFaults(pointer, name, value ?? '', list);
  return { name, value: value ?? '' };
}

/** Empty for a new header: its value is optional. */
function keptValue(name: string, pointer: string, saved: KeptEndpoint | undefined, list: FaultList): string {
  const again = (code: string, message: string) => list.add(`${pointer}/value`, code, message) ?? '';
  if (saved?.secrets === null) return again('unreadable', 'The saved value can’t be read any more: type it again.');
  const old = saved?.secrets.headers.find((header) => header.name.toLowerCase() === name.toLowerCase());
  if (old === undefined || old.value === '') return '';
  return saved?.originChanged === true ? again('origin-changed', typeAgain('value')) : old.value;
}

/** The policy speaks in parts of a sentence; which field it means is seen by trying the name alone. */
function addHeaderFaults(pointer: string, name: string, value: string, list: FaultList): void {
  const nameFault = headerFault(name, '');
  if (nameFault !== undefined) list.add(`${pointer}/name`, 'header', `This name ${nameFault}.`);
  const valueFault = headerFault('x', value);
  if (valueFault !== undefined) list.add(`${pointer}/value`, 'header', `This header ${valueFault}.`);
}

/** "Duplicate keys (case-insensitive) are an inline error"; so is a header that the authentication sets already. */
export function refuseRepeatedHeaders(headers: unknown, authentication: unknown, list: FaultList): void {
  if (!Array.isArray(headers) || headers.length > ADDITIONAL_HEADERS_MAX) return;
  const ofAuthentication = headerOf(authentication);
  const seen = new Set<string>();
  headers.forEach((row: unknown, index) => {
    const name = nameOf(row)?.toLowerCase();
    if (name === undefined) return;
    const pointer = `/headers/${index}/name`;
    if (name === ofAuthentication) list.add(pointer, 'duplicate', 'The authentication sets this header already.');
    else if (seen.has(name)) list.add(pointer, 'duplicate', 'This header is there twice.');
    seen.add(name);
  });
}

function headerOf(authentication: unknown): string | undefined {
  const { kind, placement } = (authentication ?? {}) as Fields;
  if (kind === 'basic') return 'authorization';
  return kind === 'api-key' && placement === 'header' ? nameOf(authentication)?.toLowerCase() : undefined;
}

function nameOf(row: unknown): string | undefined {
  const name = (row as { readonly name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
