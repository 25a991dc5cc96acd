import type { Db } from 'mongodb';
import { onMongo } from './mongo-errors.js';
import { TickBatch } from './tick-batch.js';
import type { WebhookDocument } from './webhook-document.js';

/**
 * Whether the company has this webhook: what belongs to a webhook is shown only while it is there. Asked for in one turn
 * of the event loop, all are read together, each for its company.
 */
export function createWebhookExists(db: Db): (companyId: string, webhookId: string) => Promise<boolean> {
  const webhooks = db.collection<WebhookDocument>('webhooks');
  const batch = new TickBatch(async (keys) => {
    const pairs = keys.map((key) => JSON.parse(key) as readonly [companyId: string, webhookId: string]);
    const filter = {
      companyId: { $in: [...new Set(pairs.map(([companyId]) => companyId))] },
      _id: { $in: pairs.map(([, webhookId]) => webhookId) },
    };
    const found = await onMongo('looking for webhooks', () =>
      webhooks.find(filter, { projection: { companyId: 1 }, batchSize: pairs.length + 1 }).toArray(),
    );
    return new Map(found.map(({ companyId, _id }) => [keyOf(companyId, _id), true]));
  });
  return async (companyId, webhookId) => (await batch.get(keyOf(companyId, webhookId))) ?? false;
}

function keyOf(companyId: string, webhookId: string): string {
  return JSON.stringify([companyId, webhookId]);
}
