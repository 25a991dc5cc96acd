import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readEventSamples } from '../shared/platform/avro/event-samples.js';
import { openHostsFile } from '../shared/platform/http/hosts-file.js';
import { FailureLogReader } from '../shared/platform/mongo/failure-log-reader.js';
import { StatsReader } from '../shared/platform/mongo/stats-reader.js';
import { WebhookPresence } from '../shared/platform/mongo/webhook-presence.js';
import { openMongo, type MongoDependencySettings } from '../shared/platform/process/open-mongo.js';
import { projectRoot } from '../shared/platform/process/project-root.js';
import { productVersion } from '../shared/platform/process/product-version.js';
import type { ServiceContext } from '../shared/platform/process/run-service.js';
import { eventRoutes } from './api/routes/events.js';
import { failureRoutes } from './api/routes/failures.js';
import { figuresRoutes } from './api/routes/figures.js';
import { assertComplete, closeApi, createApi } from './api/server.js';
import type { Routes } from './api/route.js';
import { wireIdentity, type IdentitySettings } from './wiring/identity.js';
import { WebhookActivities } from './api/webhook-activities.js';
import { WebhookFigures } from './api/webhook-figures.js';
import { createManagement, type WebhookSettings } from './webhooks/service.js';

/** The wiring of the admin process. It needs MongoDB alone: the console works while Kafka or the registry are away. */
export interface AdminSettings extends MongoDependencySettings, WebhookSettings {
  readonly jwt: IdentitySettings['jwt'];
  readonly admin: IdentitySettings['admin'] & {
    readonly host: string;
    readonly port: number;
    readonly trustedProxies: readonly string[];
    readonly requestsPerMinute: number;
    readonly testEventsPerMinute: number;
  };
}

export async function startAdmin(context: ServiceContext, settings: AdminSettings): Promise<void> {
  const { admin } = settings;
  const db = await openMongo('admin', context, settings);
  const samples = readEventSamples();
  const identity = await wireIdentity(db, settings);
  const api = await createApi({
    log: context.log,
    version: productVersion(),
    identify: identity.identify,
    routes: [
      ...identity.routes,
      eventRoutes({ sampleOf: (type) => samples[type] }),
      ...(await webhookRoutesOf(context, db, settings)),
    ],
    rates: { requestsPerMinute: admin.requestsPerMinute },
    trustedProxies: admin.trustedProxies,
    consoleFolder: join(projectRoot(), 'dist', 'console'),
  });
  assertComplete(api);
  await api.listen({ host: admin.host, port: admin.port });
  context.onShutdown('api', () => closeApi(api));
  context.log.info('api.listening', { host: admin.host, port: (api.server.address() as AddressInfo).port });
}

type Database = Awaited<ReturnType<typeof openMongo>>;

/** What webhooks are, and what they did: management, figures and failures. */
async function webhookRoutesOf(context: ServiceContext, db: Database, settings: WebhookSettings): Promise<Routes[]> {
  const presence = new WebhookPresence(db);
  const webhookExists = (companyId: string, webhookId: string): Promise<boolean> => presence.has(companyId, webhookId);
  const failures = new FailureLogReader(db);
  const stats = new StatsReader(db);
  const rollUps: StatsReader['rollUps'] = (...asked) => stats.rollUps(...asked);
  const figures = new WebhookFigures({ rollUps });
  const activities = new WebhookActivities({
    rollUps,
    lastDeliveryAt: (companyId, webhookId) => stats.lastDeliveryAt(companyId, webhookId),
  });
  const management = createManagement(
    db,
    settings,
    await openHostsFile(),
    (companyId, webhookIds, now) => activities.of(companyId, webhookIds, now),
    (ref) => presence.forget(ref),
  );
  context.onShutdown('test events', () => management.close());
  return [
    ...management.routes,
    failureRoutes({
      webhookExists,
      page: (ref, query, range) => failures.page(ref, query, range),
      find: (ref, attemptId) => failures.find(ref, attemptId),
      timeline: (ref, eventId) => failures.timeline(ref, eventId),
      all: (ref, query) => failures.all(ref, query),
      now: () => new Date(),
    }),
    figuresRoutes({
      webhookExists,
      figures: (companyId, webhookId, window) => figures.figures(companyId, webhookId, window, Date.now()),
    }),
  ];
}
