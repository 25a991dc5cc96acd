/**
 * What is wrong with the form as it stands, at which field, in the words that the API uses too: URL and headers are
 * judged by the very rules of the core. The API has the last word; this is so that people learn it while they type.
 *
 * `missing` is shown once someone left the field or tried to save: nobody wants to be told that an untouched field is
 * empty. `wrong` is shown at once.
 */
import { headerFault } from '../../../../shared/core/header-policy.js';
import { checkUrl } from '../../../../shared/core/url-policy.js';
import {
  keepsHeader,
  originChanged,
  savedCredential,
  type HeaderValues,
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
  if (username === '') return [missing(path, ruleTexts.required)];
  if (username.includes(':')) return [wrong(path, ruleTexts.colon)];
  return hasControls(username) ? [wrong(path, ruleTexts.controls)] : [];
}

function keyNameFaults({ authentication: { placement, name } }: WebhookFormValues): FormFault[] {
  const path = 'authentication.name';
  if (name.trim() === '') return [missing(path, ruleTexts.required)];
  if (placement === 'query') return hasControls(name) ? [wrong(path, ruleTexts.controls)] : [];
  const fault = headerFault(name.trim(), '');
  return fault === undefined ? [] : [wrong(path, ruleTexts.headerName(fault))];
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
  return originChanged(values.url, saved)
    ? [wrong(path, ruleTexts.again(field === 'password' ? 'password' : 'key'))]
    : [];
}

function headerFaults(values: WebhookFormValues, saved: SavedWebhook | null): FormFault[] {
  const ofAuthentication = headerOfAuthentication(values);
  const taken = new Set<string>();
  return values.headers.flatMap((header, index) => {
    const path = `headers.${index}.name`;
    const name = header.name.trim();
    if (name === '') return [missing(path, ruleTexts.required)];
    const fault = headerFault(name, '');
    if (fault !== undefined) return [wrong(path, ruleTexts.headerName(fault))];
    const lower = name.toLowerCase();
    const twice = taken.has(lower);
    taken.add(lower);
    return [
      ...(lower === ofAuthentication ? [wrong(path, ruleTexts.ofAuthentication)] : []),
      ...(twice ? [wrong(path, ruleTexts.twice)] : []),
      ...headerValueFaults(`headers.${index}.value`, header, values.url, saved),
    ];
  });
}

function headerValueFaults(path: string, header: HeaderValues, url: string, saved: SavedWebhook | null): FormFault[] {
  const fault = headerFault('x', header.value);
  if (fault !== undefined) return [wrong(path, ruleTexts.headerValue(fault))];
  return keepsHeader(header, saved) && originChanged(url, saved) ? [wrong(path, ruleTexts.again('value'))] : [];
}

/** The header that the authentication sets: an additional one of that name would be a second. */
function headerOfAuthentication({ authentication: { kind, placement, name } }: WebhookFormValues): string | undefined {
  if (kind === 'basic') return 'authorization';
  return kind === 'api-key' && placement === 'header' ? name.trim().toLowerCase() : undefined;
}

function hasControls(text: string): boolean {
  return /[\p{Cc}\p{Cs}]/u.test(text);
}

function missing(path: string, message: string): FormFault {
  return { path, message, kind: 'missing' };
}

function wrong(path: string, message: string): FormFault {
  return { path, message, kind: 'wrong' };
}
