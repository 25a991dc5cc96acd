import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Webhook, WebhookList } from '../../../contract/webhook.js';
import { deleteWebhook, disableWebhook, enableWebhook, WEBHOOKS_KEY } from '../api/webhooks.js';
import { announce, announceFault } from '../elements/toasts.js';
import { texts } from '../texts.js';

export function useEnable() {
  return useStatusChange(enableWebhook, texts.toasts.enabled);
}

export function useDisable() {
  return useStatusChange(disableWebhook, texts.toasts.disabled);
}

export function useDelete() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteWebhook,
    onSuccess: async (_nothing, id) => {
      client.setQueryData<WebhookList>(
        WEBHOOKS_KEY,
        (list) => list && { ...list, items: list.items.filter((item) => item.id !== id) },
      );
      client.removeQueries({ queryKey: [...WEBHOOKS_KEY, id] });
      announce(texts.toasts.deleted);
      await client.invalidateQueries({ queryKey: WEBHOOKS_KEY, exact: true });
    },
    onError: announceFault,
  });
}

/** Shows the answer's status at once in the list and on the webhook's page, then reads both again. */
function useStatusChange(change: (id: string) => Promise<Webhook>, done: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (webhook, id) => {
      client.setQueryData<Webhook>([...WEBHOOKS_KEY, id], webhook);
      client.setQueryData<WebhookList>(WEBHOOKS_KEY, (list) => list && { ...list, items: withStatus(list, webhook) });
      announce(done);
      await client.invalidateQueries({ queryKey: WEBHOOKS_KEY });
    },
    onError: announceFault,
  });
}

function withStatus({ items }: WebhookList, { id, status, statusReason, circuit, version }: Webhook) {
  return items.map((item) => (item.id === id ? { ...item, status, statusReason, circuit, version } : item));
}
