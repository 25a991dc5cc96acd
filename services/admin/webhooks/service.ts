import type { KeyObject } from 'node:crypto';
import { createVault } from '../../shared/platform/crypto/vault.js';
import { createHostCheck } from '../../shared/platform/http/host-check.js';
import { AuditLog } from '../../shared/platform/mongo/audit-log.js';
import { companyDataKeys } from '../../shared/platform/mongo/company-data-keys.js';
import { WebhookChanges } from '../../shared/platform/mongo/webhook-changes.js';
import { createWebhookReader } from '../../shared/platform/mongo/webhook-reader.js';
import { WebhookStore } from '../../shared/platform/mongo/webhooks.js';
import type { Routes } from '../api/route.js';
import { auditRoutes } from '../api/routes/audit.js';
import { webhookRoutes } from '../api/routes/webhooks.js';
import { WebhookService, type WebhookPorts } from '../api/webhook-service.js';

type Database = ConstructorParameters<typeof AuditLog>[0];

export interface WebhookSettings {
  readonly delivery: { readonly allowedNetworks: readonly string[] };
  readonly encryption: { readonly keys: readonly { readonly kid: string; readonly key: KeyObject }[] };
}

/** The wiring of what changes webhooks, and of the log of who changed them. */
export function managementRoutes(
  db: Database,
  settings: WebhookSettings,
  figuresOf: WebhookPorts['figuresOf'],
): Routes[] {
  const keys = settings.encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() }));
  const vault = createVault({ keys, companies: companyDataKeys(db) });
  const audit = new AuditLog(db);
  const service = new WebhookService({
    ...createWebhookReader(db, vault),
    figuresOf,
    isHostRefused: createHostCheck(settings.delivery),
    changes: new WebhookChanges({ db, vault, audit, store: new WebhookStore({ db, vault }) }),
    now: () => new Date(),
  });
  return [webhookRoutes(service), auditRoutes({ page: (companyId, options) => audit.page(companyId, options) })];
}
