import type { Db } from 'mongodb';
import { SealError } from '../crypto/seal-error.js';
import type { Vault } from '../crypto/vault.js';
import { openEndpoint, type EndpointSecrets } from './endpoint-secrets.js';
import { onMongo } from './mongo-errors.js';
import { TickBatch } from './tick-batch.js';
import type { WebhookDocument } from './webhook-document.js';

/** What a list shows: without what may be large, the sealed secrets and the counted failures. */
export type WebhookSummaryDocument = Omit<
  WebhookDocument,
  'slot' | 'authentication' | 'headers' | 'failures' | 'countsFrom'
>;

/** Webhooks of one company as the API shows them; always as they are now, never from a cache. */
export interface WebhookReader {
  /** In the order in which they were created. @throws DependencyError */
  list(companyId: string): Promise<readonly WebhookSummaryDocument[]>;
  /** Undefined when there is none, and when it is another company's. @throws DependencyError */
  find(companyId: string, webhookId: string): Promise<WebhookDocument | undefined>;
  /** Null when they can't be opened any more: they must be given again. @throws DependencyError */
  openSecrets(document: Omit<WebhookDocument, 'slot'>): Promise<EndpointSecrets | null>;
  /** How many events wait for the recovery of each webhook; one that is absent has none. @throws DependencyError */
  heldEvents(companyId: string, webhookIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export function createWebhookReader(db: Db, vault: Vault): WebhookReader {
  const webhooks = db.collection<WebhookDocument>('webhooks', { promoteBuffers: true });
  // Lists that are asked for in one turn of the event loop are read together. Each is read after it was asked for, so it
  // shows what was saved before; under load that is one command for dozens of people, whose commands cost the most.
  const lists = new TickBatch((companyIds) => listWebhooks(db, companyIds));
  return {
    list: async (companyId) => (await lists.get(companyId)) ?? [],
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

const SUMMARY = { slot: 0, authentication: 0, headers: 0, failures: 0, countsFrom: 0 } as const;

/** The webhooks of each of these companies; one that has none is absent. */
async function listWebhooks(
  db: Db,
  companyIds: readonly string[],
): Promise<ReadonlyMap<string, readonly WebhookSummaryDocument[]>> {
  const filter = { companyId: { $in: [...companyIds] } };
  const found = await onMongo('listing webhooks', () =>
    db
      .collection<WebhookDocument>('webhooks')
      .find(filter, { projection: SUMMARY, batchSize: 10_000 })
      .sort({ createdAt: 1, _id: 1 })
      .toArray(),
  );
  const perCompany = new Map<string, WebhookSummaryDocument[]>();
  for (const webhook of found) {
    const list = perCompany.get(webhook.companyId);
    if (list === undefined) perCompany.set(webhook.companyId, [webhook]);
    else list.push(webhook);
  }
  return perCompany;
}
