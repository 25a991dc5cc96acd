import type { WebhookRef } from './webhooks.js';

/** A text for each webhook, whatever its ids are made of. */
export function webhookKey({ companyId, webhookId }: WebhookRef): string {
  return JSON.stringify([companyId, webhookId]);
}

/** The webhook of a key. */
export function webhookOfKey(key: string): WebhookRef {
  const [companyId, webhookId] = JSON.parse(key) as [string, string];
  return { companyId, webhookId };
}

/** Finds these webhooks, and the company's own alone: ids are unique, so no pair of another's can match. */
export function filterOf(refs: readonly WebhookRef[]) {
  return {
    companyId: { $in: [...new Set(refs.map(({ companyId }) => companyId))] },
    _id: { $in: [...new Set(refs.map(({ webhookId }) => webhookId))] },
  };
}

/** The items of each webhook by its key, both in the order of their coming. */
export function groupByWebhook<T>(
  items: readonly T[],
  webhookOf: (item: T) => WebhookRef,
): ReadonlyMap<string, readonly [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const key = webhookKey(webhookOf(item));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
