import type { Db } from 'mongodb';
import { onMongo } from './mongo-errors.js';
import type { WebhookDocument } from './webhook-document.js';

/** Whether the company has this webhook: what belongs to a webhook is shown only while it is there. */
export function createWebhookExists(db: Db): (companyId: string, webhookId: string) => Promise<boolean> {
  const webhooks = db.collection<WebhookDocument>('webhooks');
  return async (companyId, webhookId) => {
    const found = await onMongo('looking for a webhook', () =>
      webhooks.findOne({ companyId, _id: webhookId }, { projection: { _id: 1 } }),
    );
    return found !== null;
  };
}
