import type { Db } from 'mongodb';
import { SealError } from '../crypto/seal-error.js';
import type { Vault } from '../crypto/vault.js';
import { openEndpoint, type EndpointSecrets } from './endpoint-secrets.js';
import { onMongo } from './mongo-errors.js';
import type { WebhookDocument } from './webhook-document.js';

/** Webhooks of one company as the API shows them; always as they are now, never from a cache. */
export interface WebhookReader {
  /** In the order in which they were created. @throws DependencyError */
  list(companyId: string): Promise<WebhookDocument[]>;
  /** Undefined when there is none, and when it is another company's. @throws DependencyError */
  find(companyId: string, webhookId: string): Promise<WebhookDocument | undefined>;
  /** Null when they can't be opened any more: they must be given again. @throws DependencyError */
  openSecrets(document: WebhookDocument): Promise<EndpointSecrets | null>;
  /** How many events wait for the recovery of each webhook; one that is absent has none. @throws DependencyError */
  heldEvents(companyId: string, webhookIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export function createWebhookReader(db: Db, vault: Vault): WebhookReader {
  const webhooks = db.collection<WebhookDocument>('webhooks', { promoteBuffers: true });
  return {
    list: (companyId) =>
      onMongo('listing webhooks', () => webhooks.find({ companyId }).sort({ createdAt: 1, _id: 1 }).toArray()),
    find: async (companyId, webhookId) =>
      (await onMongo('reading a webhook', () => webhooks.findOne({ companyId, _id: webhookId }))) ?? undefined,
    openSecrets: async (document) => {
      try {
        return await openEndpoint(vault, document);
      } catch (error) {
        if (error instanceof SealError) return null;
        throw error;
      }
    },
    heldEvents: async (companyId, webhookIds) => {
      if (webhookIds.length === 0) return new Map();
      const pipeline = [
        { $match: { companyId, webhookId: { $in: [...webhookIds] } } },
        { $group: { _id: '$webhookId', events: { $sum: 1 } } },
      ];
      const sums = await onMongo('counting held deliveries', () =>
        db.collection('held_deliveries').aggregate<{ _id: string; events: number }>(pipeline).toArray(),
      );
      return new Map(sums.map(({ _id, events }) => [_id, events]));
    },
  };
}
