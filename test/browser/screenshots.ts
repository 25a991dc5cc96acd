import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { respond } from '../../deploy/local/receiver/step.js';
import { CALL_EVENT_TYPES, WHATSAPP_EVENT_TYPES } from '../../services/shared/core/vocabulary.js';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { LIST, startConsole, type ConsoleStage } from '../support/console.js';
import { event } from '../support/system.js';
import { until } from '../support/waiting.js';

/**
 * Makes the pictures of the README: `npm run screenshots`. What they show happened: events went from Kafka through the
 * delivery process to a receiver, and figures and failures are what came of it. Only the hosts are renamed afterwards,
 * because every endpoint of the receiver is on this machine.
 */
const COMPANY = 'co_northwind';
const FOLDER = join(projectRoot(), 'docs', 'screenshots');
const HOST = {
  calls: 'hooks.northwind.example',
  crm: 'crm.northwind.example',
  chat: 'automation.northwind.example',
  lab: 'staging.northwind.example',
};

async function happen({ system }: ConsoleStage): Promise<Record<keyof typeof HOST, string>> {
  const { receiver } = system;
  receiver.endpoint('/telephony/events', [respond(200, { delayMs: 18 }), respond(204, { delayMs: 34 })]);
  receiver.endpoint('/inbound/calls', [respond(200, { delayMs: 65 }), respond(200, { delayMs: 80 })]);
  const busy = respond(503, {
    body: '{"error":"upstream unavailable","retryable":true,"queue":{"depth":4210,"workers":0}}',
    headers: { 'content-type': 'application/json' },
    delayMs: 40,
  });
  receiver.endpoint('/whatsapp', [...Array.from({ length: 30 }, () => respond(200, { delayMs: 25 })), busy]);
  const ids = {
    calls: await system.webhook(COMPANY, '/telephony/events', { events: CALL_EVENT_TYPES.slice(0, 4) }),
    crm: await system.webhook(COMPANY, '/inbound/calls', {
      events: ['call.end', 'call.summary', 'call.disposition'],
      authentication: { kind: 'api-key', placement: 'header', name: 'X-Api-Key', value: 'not-a-real-key-9f3a' },
      headers: [
        { name: 'X-Tenant', value: 'northwind-tenant-0042' },
        { name: 'X-Environment', value: '' },
      ],
    }),
    chat: await system.webhook(COMPANY, '/whatsapp', { events: [...WHATSAPP_EVENT_TYPES] }),
    lab: await system.webhook(COMPANY, '/hooks', { events: [...CALL_EVENT_TYPES, ...WHATSAPP_EVENT_TYPES] }),
  };
  await system.mongo.db
    .collection<{ _id: string }>('webhooks')
    .updateOne({ companyId: COMPANY, _id: ids.lab }, { $set: { status: 'inactive' } });
  for (let round = 0; round < 6; round++) {
    await system.produce(CALL_EVENT_TYPES.flatMap((type) => Array.from({ length: 5 }, () => event(type, COMPANY))));
    await system.produce(WHATSAPP_EVENT_TYPES.map((type) => event(type, COMPANY)));
  }
  await until(
    () => system.webhookDocument(COMPANY, ids.chat),
    (webhook) => webhook?.status === 'failed',
    60_000,
  );
  await receiver.waitFor((requests) => requests.filter(({ url }) => url !== '/whatsapp').length >= 6 * 35, 60_000);
  // Ends in order: what it still has to write about deliveries is written then.
  for (const name of ['delivery-consumer', 'retry-consumer']) await system.services.get(name)?.stop();
  return ids;
}

async function renameHosts({ system }: ConsoleStage, ids: Record<keyof typeof HOST, string>): Promise<void> {
  const local = system.receiver.url('', 'localhost');
  const renamed = (field: string, host: string) => ({
    $set: { [field]: { $replaceOne: { input: `$${field}`, find: local, replacement: `https://${host}` } } },
  });
  for (const [name, host] of Object.entries(HOST)) {
    const webhookId = ids[name as keyof typeof HOST];
    const webhooks = system.mongo.db.collection<{ _id: string }>('webhooks');
    await webhooks.updateOne({ companyId: COMPANY, _id: webhookId }, [renamed('url', host)]);
    const failures = system.mongo.db.collection('failure_log');
    await failures.updateMany({ companyId: COMPANY, webhookId }, [renamed('request.url', host)]);
  }
}

async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate('document.fonts.ready');
  await page.evaluate('Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})))');
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled', caret: 'hide' });
}

async function pictures(stage: ConsoleStage, ids: Record<keyof typeof HOST, string>, scheme: 'light' | 'dark') {
  const page = await stage.signedIn(COMPANY, LIST, { colorScheme: scheme, viewport: { width: 1280, height: 800 } });
  const go = (path: string) => page.goto(stage.origin + path);
  await page.getByText('4 of 10').waitFor();
  await picture(page, `list-${scheme}`);
  await page.getByRole('button', { name: /^Actions for.*automation/ }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: 'Delete webhook' }).getByLabel('Type DELETE to confirm').fill('DELE');
  await picture(page, `delete-${scheme}`);
  await go(`${LIST}/${ids.crm}/edit`);
  await page.getByLabel('Key name').waitFor();
  await picture(page, `form-${scheme}`);
  await go(`${LIST}/${ids.chat}/failures`);
  await page
    .getByRole('link', { name: /^Inspect/ })
    .first()
    .click();
  await page.getByRole('dialog').getByRole('tab', { name: 'Response' }).click();
  await page.getByText('"upstream unavailable"').waitFor();
  await picture(page, `failure-${scheme}`);
  await go(`${LIST}/${ids.chat}`);
  await page.getByText('1 hour', { exact: true }).click();
  await page.locator('path.recharts-rectangle').first().waitFor();
  await picture(page, `webhook-${scheme}`);
}

const stage = await startConsole([
  'call-consumer',
  'whatsapp-consumer',
  'delivery-consumer',
  'retry-consumer',
  'admin',
]);
try {
  await mkdir(FOLDER, { recursive: true });
  await stage.company(COMPANY, 'Northwind Clinics');
  await stage.system.mongo.db.collection('users').updateMany({ companyId: COMPANY }, { $set: { name: 'Asha Verma' } });
  const ids = await happen(stage);
  await renameHosts(stage, ids);
  for (const scheme of ['light', 'dark'] as const) await pictures(stage, ids, scheme);
} finally {
  await stage.close();
}
