import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { createVault, type Vault } from '../../../services/shared/platform/crypto/vault.js';
import { companyDataKeys } from '../../../services/shared/platform/mongo/company-data-keys.js';
import type { Endpoint } from '../../../services/shared/platform/mongo/webhook-document.js';
import type { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';

export const KEYS = [{ kid: 'kek-1', key: randomBytes(32) }];

export function testVault(db: Db, keys = KEYS): Vault {
  return createVault({ keys, companies: companyDataKeys(db) });
}

export const ENDPOINT: Endpoint = {
  url: 'https://receiver.example/hook',
  authentication: { kind: 'none' },
  headers: [],
  events: ['call.end', 'message.received'],
};

/** Registers the endpoint and returns the webhook's id. */
export async function inserted(
  store: WebhookStore,
  companyId: string,
  endpoint: Partial<Endpoint> = {},
): Promise<string> {
  const result = await store.insertWebhook(companyId, { ...ENDPOINT, ...endpoint }, new Date());
  if (result.kind !== 'inserted') throw new Error(`company ${companyId} has ten webhooks`);
  return result.webhookId;
}
