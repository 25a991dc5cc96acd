import { MASK, maskUrl } from '../../shared/core/mask.js';
import type { EventType } from '../../shared/core/vocabulary.js';
import type { Authentication, Header } from '../../shared/core/webhook.js';
import type { WebhookDocument } from '../../shared/platform/mongo/webhook-document.js';
import type { Sparkline } from '../contract/figures.js';
import type { Circuit, Secret, Webhook, WebhookSummary } from '../contract/webhook.js';
import type { EndpointInput, OpenedSecrets } from './endpoint-input.js';

/**
 * What answers and the audit log tell of a webhook: everything but its secrets, of which they tell that they are set
 * and how they end.
 */
export type StoredWebhook = Omit<WebhookDocument, 'slot'>;

/** What a list needs of it. */
export type StoredSummary = Omit<StoredWebhook, 'authentication' | 'headers' | 'failures' | 'countsFrom'>;

export interface Activity {
  readonly lastDeliveryAt: string | null;
  readonly last24h: Sparkline;
}

/** Of a shorter secret, four characters would tell too much. */
const LAST4_FROM = 12;

/** `text` is undefined for a secret that can't be read any more. */
function secretOf(text: string | undefined, isSet: boolean): Secret {
  return { isSet, last4: text !== undefined && text.length >= LAST4_FROM ? text.slice(-4) : null };
}

export function webhookView(webhook: StoredWebhook, secrets: OpenedSecrets, heldEvents: number): Webhook {
  return {
    ...commonView(webhook, heldEvents),
    authentication: authenticationView(webhook.authentication, secrets?.authentication),
    headers: webhook.headers.map(({ name, value }, index) => ({
      name,
      value: secretOf(secrets?.headers[index]?.value, value.ct.length > 0),
    })),
  };
}

export function summaryView(webhook: StoredSummary, heldEvents: number, activity: Activity): WebhookSummary {
  const { lastDeliveryAt, last24h } = activity;
  return { ...commonView(webhook, heldEvents), lastDeliveryAt, last24h };
}

function commonView(webhook: StoredSummary, heldEvents: number) {
  const { _id, url, events, status, statusReason, version } = webhook;
  return {
    id: _id,
    url,
    events: [...events],
    status,
    statusReason,
    statusChangedAt: webhook.statusChangedAt.toISOString(),
    circuit: circuitView(webhook, heldEvents),
    version,
    createdAt: webhook.createdAt.toISOString(),
    updatedAt: webhook.updatedAt.toISOString(),
  };
}

/** A webhook that failed before there were circuits has none until its first probe. */
function circuitView({ status, statusChangedAt, circuit }: StoredSummary, heldEvents: number): Circuit | null {
  if (status !== 'failed') return null;
  return {
    failedAt: (circuit?.openedAt ?? statusChangedAt).toISOString(),
    probes: circuit?.probes ?? 0,
    nextProbeAt: circuit?.nextProbeAt.toISOString() ?? null,
    heldEvents,
  };
}

function authenticationView(stored: WebhookDocument['authentication'], opened: Authentication | undefined) {
  switch (stored.kind) {
    case 'none':
      return { kind: 'none' as const };
    case 'basic': {
      const password = opened?.kind === 'basic' ? opened.password : undefined;
      return { kind: 'basic' as const, username: stored.username, password: secretOf(password, true) };
    }
    case 'api-key': {
      const value = opened?.kind === 'api-key' ? opened.value : undefined;
      const { placement, name } = stored;
      return { kind: 'api-key' as const, placement, name, value: secretOf(value, true) };
    }
  }
}

/** A webhook as the audit log keeps it: secrets and the values of the URL's query are `***`. */
export interface AuditView {
  readonly url: string;
  readonly authentication: Readonly<Record<string, string>>;
  readonly headers: readonly Header[];
  readonly events: readonly EventType[];
}

export function auditView({ url, authentication, headers, events }: EndpointInput): AuditView {
  return {
    url: maskUrl(url),
    authentication: maskedAuthentication(authentication),
    headers: headers.map(({ name, value }) => ({ name, value: value === '' ? '' : MASK })),
    events: [...events],
  };
}

function maskedAuthentication(authentication: Authentication): Readonly<Record<string, string>> {
  switch (authentication.kind) {
    case 'none':
      return { kind: 'none' };
    case 'basic':
      return { kind: 'basic', username: authentication.username, password: MASK };
    case 'api-key':
      return { kind: 'api-key', placement: authentication.placement, name: authentication.name, value: MASK };
  }
}

/** The fields that differ, masked: where a secret alone changed, its field is there and looks the same. */
export function auditChange(before: EndpointInput, after: EndpointInput) {
  const changed = (['url', 'authentication', 'headers', 'events'] as const).filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  const only = (view: AuditView) => Object.fromEntries(changed.map((field) => [field, view[field]]));
  return changed.length === 0 ? undefined : { before: only(auditView(before)), after: only(auditView(after)) };
}
