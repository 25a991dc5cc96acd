import type { KeyObject } from 'node:crypto';
import { createVault } from '../../shared/platform/crypto/vault.js';
import { readEventSamples } from '../../shared/platform/avro/event-samples.js';
import { createHostCheck } from '../../shared/platform/http/host-check.js';
import type { HostsFile } from '../../shared/platform/http/hosts-file.js';
import { createAddressPolicy } from '../../shared/platform/http/public-address.js';
import { createResolver } from '../../shared/platform/http/resolver.js';
import { createSender } from '../../shared/platform/http/sender.js';
import { AuditLog } from '../../shared/platform/mongo/audit-log.js';
import { companyDataKeys } from '../../shared/platform/mongo/company-data-keys.js';
import { WebhookChanges, type WebhookChangesOptions } from '../../shared/platform/mongo/webhook-changes.js';
import { createWebhookReader } from '../../shared/platform/mongo/webhook-reader.js';
import { WebhookStore } from '../../shared/platform/mongo/webhooks.js';
import { productVersion } from '../../shared/platform/process/product-version.js';
import { CompanyLimit } from '../api/company-limit.js';
import type { Routes } from '../api/route.js';
import { auditRoutes } from '../api/routes/audit.js';
import { testEventRoutes } from '../api/routes/test-events.js';
import { webhookRoutes } from '../api/routes/webhooks.js';
import { TestEventService } from '../api/test-event-service.js';
import { WebhookService, type WebhookPorts } from '../api/webhook-service.js';

type Database = ConstructorParameters<typeof AuditLog>[0];

export interface WebhookSettings {
  readonly admin: { readonly testEventsPerMinute: number };
  readonly delivery: {
    readonly allowedNetworks: readonly string[];
    readonly timeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly responseBodyBytes: number;
    /** PEM of the authority to trust instead of the system's; production leaves it out. */
    readonly ca?: string;
  };
  readonly encryption: { readonly keys: readonly { readonly kid: string; readonly key: KeyObject }[] };
}

export interface Management {
  readonly routes: readonly Routes[];
  /** Ends the connections of test events. */
  close(): Promise<void>;
}

/** The wiring of what changes webhooks, of the log of who changed them, and of test events. */
export function createManagement(
  db: Database,
  settings: WebhookSettings,
  hosts: HostsFile,
  activitiesOf: WebhookPorts['activitiesOf'],
  onDeleted: WebhookChangesOptions['onDeleted'],
): Management {
  const keys = settings.encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() }));
  const vault = createVault({ keys, companies: companyDataKeys(db) });
  const audit = new AuditLog(db);
  // The one that deliveries use: what is refused when it is saved and when it is sent is judged by the same addresses.
  const resolve = createResolver({ hosts, timeoutMs: settings.delivery.connectTimeoutMs });
  const shared = {
    ...createWebhookReader(db, vault),
    isHostRefused: createHostCheck({ allowedNetworks: settings.delivery.allowedNetworks, resolve }),
    now: () => new Date(),
  };
  const changes = new WebhookChanges({ db, vault, audit, store: new WebhookStore({ db, vault }), onDeleted });
  const { delivery, admin } = settings;
  const sender = createSender({ ...delivery, resolve, policy: createAddressPolicy(delivery.allowedNetworks) });
  const samples = readEventSamples();
  const limit = new CompanyLimit(admin.testEventsPerMinute);
  const testEvents = new TestEventService({
    ...shared,
    sampleOf: (type) => samples[type],
    send: (request) => sender.send(request),
    record: (entry) => audit.record(entry),
    take: (companyId, now) => limit.take(companyId, now),
    userAgent: `webhook-v2/${productVersion()}`,
  });
  return {
    routes: [
      webhookRoutes(new WebhookService({ ...shared, activitiesOf, changes })),
      testEventRoutes(testEvents),
      auditRoutes({ page: (companyId, options) => audit.page(companyId, options) }),
    ],
    close: () => sender.close(),
  };
}
