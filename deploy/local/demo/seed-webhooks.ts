import type { Db } from 'mongodb';
import type { Config } from '../../../config/schema.js';
import { createVault } from '../../../services/shared/platform/crypto/vault.js';
import { companyDataKeys } from '../../../services/shared/platform/mongo/company-data-keys.js';
import type { WebhookDocument } from '../../../services/shared/platform/mongo/webhook-document.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { DEMO_COMPANIES, pathOf, type DemoWebhook } from './demo-webhooks.js';

/**
 * Registers the demo's webhooks as their Owners would, with the URLs at which their endpoints listen in this run, and
 * removes those of an earlier run. Returns their ids by path.
 */
export async function seedWebhooks(
  db: Db,
  config: Config,
  webhooks: readonly DemoWebhook[],
  urls: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  await db.collection<WebhookDocument>('webhooks').deleteMany({ companyId: { $in: [...DEMO_COMPANIES] } });
  const keys = config.encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() }));
  const store = new WebhookStore({ db, vault: createVault({ keys, companies: companyDataKeys(db) }) });
  const ids = new Map<string, string>();
  for (const webhook of webhooks) {
    const { companyId, authentication, headers, events, query, active } = webhook;
    const url = `${urls.get(pathOf(webhook)) ?? ''}${query}`;
    const now = new Date();
    const result = await store.insertWebhook(companyId, { url, authentication, headers, events }, now);
    if (result.kind !== 'inserted') throw new Error(`${companyId} has ten webhooks already`);
    if (!active) await store.setStatus({ companyId, webhookId: result.webhookId }, 'inactive', now);
    ids.set(pathOf(webhook), result.webhookId);
  }
  return ids;
}
