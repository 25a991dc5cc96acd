/**
 * What the form holds, and what it sends.
 *
 * "Secrets are never shown again after they were saved: a placeholder says that one is set, and leaving it alone keeps
 * it." So a secret's text is empty until someone types, and an empty one that is set on the server is left out of what
 * is sent. A form has changed when what it would send has: typing and taking back is no change.
 */
import { EVENT_TYPES, type EventType } from '../../../../shared/core/vocabulary.js';
import type { Secret, Webhook, WebhookInput } from '../../../contract/webhook.js';

export interface HeaderValues {
  name: string;
  value: string;
  /** The saved value was cleared by hand: the header is to be sent empty. */
  cleared: boolean;
}

export interface WebhookFormValues {
  url: string;
  authentication: {
    kind: 'none' | 'basic' | 'api-key';
    username: string;
    password: string;
    placement: 'header' | 'query';
    name: string;
    value: string;
  };
  headers: HeaderValues[];
  events: EventType[];
}

/** The part of a saved webhook that the form is about. */
export type SavedWebhook = Pick<Webhook, 'url' | 'authentication' | 'headers' | 'events'>;

export const EMPTY_VALUES: WebhookFormValues = {
  url: '',
  authentication: { kind: 'none', username: '', password: '', placement: 'header', name: '', value: '' },
  headers: [],
  events: [],
};

/** "Edit: everything pre-filled", but for secrets. */
export function valuesOf(saved: SavedWebhook): WebhookFormValues {
  const { authentication } = saved;
  const filled = { ...EMPTY_VALUES.authentication, kind: authentication.kind };
  if (authentication.kind === 'basic') filled.username = authentication.username;
  if (authentication.kind === 'api-key') {
    filled.placement = authentication.placement;
    filled.name = authentication.name;
  }
  return {
    url: saved.url,
    authentication: filled,
    headers: saved.headers.map(({ name }) => ({ name, value: '', cleared: false })),
    events: inOrder(saved.events),
  };
}

/** What is sent; a secret that is kept is absent. */
export function inputOf(values: WebhookFormValues, saved: SavedWebhook | null): WebhookInput {
  return {
    url: values.url.trim(),
    authentication: authenticationOf(values, saved),
    headers: values.headers.map((header) => {
      const name = header.name.trim();
      return keepsHeader(header, saved) ? { name } : { name, value: header.value };
    }),
    events: inOrder(values.events),
  };
}

/** Whether two forms would send the same. */
export function sameInput(a: WebhookInput, b: WebhookInput): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The saved password or key that leaving the field empty keeps; undefined where there is none to keep. */
export function savedCredential(values: WebhookFormValues, saved: SavedWebhook | null): Secret | undefined {
  const { kind } = values.authentication;
  if (saved?.authentication.kind === 'basic' && kind === 'basic') return saved.authentication.password;
  if (saved?.authentication.kind === 'api-key' && kind === 'api-key') return saved.authentication.value;
  return undefined;
}

/** The saved value of the header of this name; names don't differ by case. */
export function savedHeader(name: string, saved: SavedWebhook | null): Secret | undefined {
  const wanted = name.trim().toLowerCase();
  return saved?.headers.find((header) => header.name.toLowerCase() === wanted)?.value;
}

/** Whether leaving the value empty keeps the one that is saved. */
export function keepsHeader({ name, value, cleared }: HeaderValues, saved: SavedWebhook | null): boolean {
  return value === '' && !cleared && savedHeader(name, saved)?.isSet === true;
}

/** "A kept secret is not sent to a changed origin." A text that isn't a URL yet has not changed it. */
export function originChanged(url: string, saved: SavedWebhook | null): boolean {
  if (saved === null) return false;
  const [now, before] = [originOf(url.trim()), originOf(saved.url)];
  return now !== undefined && now !== before;
}

function authenticationOf(values: WebhookFormValues, saved: SavedWebhook | null): WebhookInput['authentication'] {
  const { kind, username, password, placement, name, value } = values.authentication;
  const keeps = savedCredential(values, saved)?.isSet === true;
  switch (kind) {
    case 'none':
      return { kind };
    case 'basic':
      return password === '' && keeps ? { kind, username } : { kind, username, password };
    case 'api-key': {
      const key = { kind, placement, name: name.trim() };
      return value === '' && keeps ? key : { ...key, value };
    }
  }
}

function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
}

function inOrder(events: readonly EventType[]): EventType[] {
  return EVENT_TYPES.filter((type) => events.includes(type));
}
