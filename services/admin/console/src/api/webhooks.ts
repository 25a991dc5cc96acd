import { queryOptions } from '@tanstack/react-query';
import type { Webhook, WebhookInput, WebhookList } from '../../../contract/webhook.js';
import { request } from './http.js';

/** How often the list and a webhook's state look for news, while their tab is in front. */
export const REFRESH_MS = 5_000;

export const WEBHOOKS_KEY = ['webhooks'] as const;

export const webhooksQuery = queryOptions({
  queryKey: WEBHOOKS_KEY,
  queryFn: ({ signal }) => request<WebhookList>('GET', '/webhooks', { signal }),
  refetchInterval: REFRESH_MS,
});

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: [...WEBHOOKS_KEY, id],
    queryFn: ({ signal }) => request<Webhook>('GET', path(id), { signal }),
  });

/** `key` makes a repeated create answer as the first one did: a lost answer never becomes a second webhook. */
export function createWebhook(input: WebhookInput, key: string): Promise<Webhook> {
  return request<Webhook>('POST', '/webhooks', { body: input, headers: { 'idempotency-key': key } });
}

/** Fails with 412 when the webhook is no longer at `version`. */
export function replaceWebhook(id: string, version: number, input: WebhookInput): Promise<Webhook> {
  return request<Webhook>('PUT', path(id), { body: input, headers: { 'if-match': `"${version}"` } });
}

export function enableWebhook(id: string): Promise<Webhook> {
  return request<Webhook>('POST', `${path(id)}/enable`);
}

export function disableWebhook(id: string): Promise<Webhook> {
  return request<Webhook>('POST', `${path(id)}/disable`);
}

export function deleteWebhook(id: string): Promise<undefined> {
  return request<undefined>('DELETE', path(id), { body: { confirm: 'DELETE' } });
}

function path(id: string): string {
  return `/webhooks/${encodeURIComponent(id)}`;
}
