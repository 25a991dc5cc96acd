/**
 * What is wrong with the form as it stands, at which field, in the words that the API uses too: URL and headers are
 * judged by the very rules of the core. The API has the last word; this is so that people learn it while they type.
 *
 * `missing` is shown once someone left the field or tried to save: nobody wants to be told that an untouched field is
 * empty. `wrong` is shown at once.
 */
import { HEADER_VALUE_MAX_BYTES, headerFault } from '../../../../shared/core/header-policy.js';
import { checkUrl } from '../../../../shared/core/url-policy.js';
import {
  originChanged,
  savedCredential,
  savedHeader,
  type SavedWebhook,
  type WebhookFormValues,
} from './form-values.js';
import { texts } from '../texts.js';

const ruleTexts = texts.rules;

export interface FormFault {
  /** Dotted, as form fields are named: `headers.0.name`. */
  readonly path: string;
  readonly message: string;
  readonly kind: 'missing' | 'wrong';
}

export function formFaults(values: WebhookFormValues, saved: SavedWebhook | null): readonly FormFault[] {
  return [
    ...urlFaults(values.url),
    ...authenticationFaults(values, saved),
    ...headerFaults(values, saved),
    ...(values.events.length === 0 ? [missing('events', ruleTexts.noEvents)] : []),
  ];
}

function urlFaults(text: string): FormFault[] {
  const url = text.trim();
  if (url === '') return [missing('url', ruleTexts.noUrl)];
  const verdict = checkUrl(url);
  if (verdict.ok) return [];
  const begun = 'https://'.startsWith(url.toLowerCase());
  return [begun ? missing('url', verdict.fault) : wrong('url', verdict.fault)];
}

function authenticationFaults(values: WebhookFormValues, saved: SavedWebhook | null): FormFault[] {
  switch (values.authentication.kind) {
    case 'none':
      return [];
    case 'basic':
      return [...usernameFaults(values.authentication.username), ...credentialFaults('password', values, saved)];
    case 'api-key':
      return [...keyNameFaults(values), ...credentialFaults('value', values, saved)];
  }
}

function usernameFaults(username: string): FormFault[] {
  const path = 'authentication.username';
  if (username === '') return [missing(path, ruleTexts.noUsername)];
  if (username.includes(':')) return [wrong(path, ruleTexts.colon)];
  return hasControls(username) ? [wrong(path, ruleTexts.controls)] : [];
}

function keyNameFaults({ authentication: { placement, name } }: WebhookFormValues): FormFault[] {
  const path = 'authentication.name';
  if (name.trim() === '') return [missing(path, ruleTexts.noKeyName)];
  if (placement === 'query') return hasControls(name) ? [wrong(path, ruleTexts.controls)] : [];
  const fault = headerFault(name.trim(), '');
  return fault === undefined ? [] : [wrong(path, ruleTexts.header(name.trim(), fault))];
}

function credentialFaults(
  field: 'password' | 'value',
  values: WebhookFormValues,
  saved: SavedWebhook | null,
): FormFault[] {
  const path = `authentication.${field}`;
  const text = values.authentication[field];
  if (text !== '') return hasControls(text) ? [wrong(path, ruleTexts.controls)] : [];
  if (savedCredential(values, saved)?.isSet !== true)
    return [missing(path, field === 'password' ? ruleTexts.noPassword : ruleTexts.noKeyValue)];
  return originChanged(values.url, saved) ? [wrong(path, ruleTexts.again)] : [];
}

function headerFaults(values: WebhookFormValues, saved: SavedWebhook | null): FormFault[] {
  const taken = new Set(namesOfAuthentication(values));
  return values.headers.flatMap(({ name: typed, value, cleared }, index) => {
    const name = typed.trim();
    const at = { name: `headers.${index}.name`, value: `headers.${index}.value` };
    if (name === '') return [missing(at.name, ruleTexts.noHeaderName)];
    const nameFault = headerFault(name, '');
    if (nameFault !== undefined) return [wrong(at.name, ruleTexts.header(name, nameFault))];
    const faults: FormFault[] = [];
    if (taken.has(name.toLowerCase())) faults.push(wrong(at.name, ruleTexts.duplicate(name)));
    taken.add(name.toLowerCase());
    if (value.length > HEADER_VALUE_MAX_BYTES || headerFault(name, value) !== undefined)
      faults.push(wrong(at.value, ruleTexts.header(name, headerFault(name, value) ?? '')));
    const kept = value === '' && !cleared && savedHeader(name, saved)?.isSet === true;
    if (kept && originChanged(values.url, saved)) faults.push(wrong(at.value, ruleTexts.again));
    return faults;
  });
}

/** Headers that the authentication sets: an additional header of that name would be a duplicate. */
function namesOfAuthentication({ authentication: { kind, placement, name } }: WebhookFormValues): string[] {
  if (kind === 'basic') return ['authorization'];
  return kind === 'api-key' && placement === 'header' ? [name.trim().toLowerCase()] : [];
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function missing(path: string, message: string): FormFault {
  return { path, message, kind: 'missing' };
}

function wrong(path: string, message: string): FormFault {
  return { path, message, kind: 'wrong' };
}
